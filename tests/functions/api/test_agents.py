"""Agents: defined by managers, present by themselves."""

from typing import Any

import pytest

from rapport.contracts.routing import Presence
from tests.builders import an_agent
from tests.functions.api.conftest import AGENT, COLLEAGUE, Stage, application, person

BOSS = person("supervisor", sub="boss")


def put(stage: Stage, path: str, body: Any, claims: Any = BOSS) -> Any:
    return stage.call("PUT", f"/v1/agents/{path}", body, claims=claims)


@pytest.mark.parametrize("claims", [BOSS, person("admin"), application("agents.write")])
def test_a_manager_defines_an_agent_who_is_offline_at_first(stage: Stage, claims: Any) -> None:
    answer = put(stage, AGENT, {"name": "Grace", "capacity": 3}, claims)
    assert (answer.status, answer.json["presence"], answer.json["active"]) == (200, "offline", [])


def test_a_new_definition_leaves_presence_and_load(stage: Stage) -> None:
    stage.routing.agents[AGENT] = an_agent(active=frozenset({"cnv_1"}))
    answer = put(stage, AGENT, {"name": "Grace", "capacity": 9})
    assert (answer.json["presence"], answer.json["active"]) == ("online", ["cnv_1"])
    assert stage.routing.agents[AGENT].capacity == 9


@pytest.mark.parametrize(
    "body",
    [{"name": "G", "capacity": 0}, {"name": "G", "capacity": 51}, {"name": "", "capacity": 1},
     {"capacity": 1}, {"name": "G", "capacity": "x"}],
)  # fmt: skip
def test_a_wrong_definition_is_refused(stage: Stage, body: Any) -> None:
    assert put(stage, AGENT, body).status == 400


def test_an_agent_comes_and_goes(stage: Stage) -> None:
    stage.routing.agents[AGENT] = an_agent(presence=Presence.OFFLINE)
    answer = put(stage, f"{AGENT}/presence", {"presence": "online"}, person("agent"))
    assert (answer.status, answer.json["presence"]) == (200, "online")
    (fact,) = stage.routing.events
    assert fact.data == {"agent_id": AGENT, "presence": "online"}


def test_nobody_but_a_supervisor_sets_a_colleagues_presence(stage: Stage) -> None:
    stage.routing.agents[AGENT] = an_agent()
    for claims, status in ((person("agent", sub=COLLEAGUE), 403), (BOSS, 200)):
        answer = put(stage, f"{AGENT}/presence", {"presence": "away"}, claims)
        assert answer.status == status


def test_the_presence_of_nobody_is_not_found(stage: Stage) -> None:
    answer = put(stage, f"{AGENT}/presence", {"presence": "away"}, person("agent"))
    assert answer.status == 404


def test_agents_see_themselves_and_managers_see_all(stage: Stage) -> None:
    stage.routing.agents = {one: an_agent(one) for one in (AGENT, COLLEAGUE)}
    me = person("agent")
    assert stage.call("GET", f"/v1/agents/{AGENT}", claims=me).status == 200
    assert stage.call("GET", f"/v1/agents/{COLLEAGUE}", claims=me).status == 404
    assert stage.call("GET", f"/v1/agents/{COLLEAGUE}", claims=BOSS).status == 200
    items = stage.call("GET", "/v1/agents", claims=BOSS).json["items"]
    assert [item["agent_id"] for item in items] == [AGENT, COLLEAGUE]
