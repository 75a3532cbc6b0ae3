"""`Idempotency-Key`: once a caller, route and key, whatever dies in between."""

from datetime import timedelta
from typing import Any

import pytest

from rapport import wiring
from tests.functions.api.conftest import Stage, application

APP = application("customers.write")
BODY = {"source_id": "crm-1", "identifiers": [{"namespace": "user_id", "value": "u1"}]}
KEY = {"idempotency-key": "key-1"}


def post(stage: Stage, body: Any = BODY, **more: Any) -> Any:
    return stage.call("POST", "/v1/customers", body, **({"claims": APP, "headers": KEY} | more))


def test_a_repetition_gets_the_same_answer_and_says_so(stage: Stage) -> None:
    first, again = post(stage), post(stage)
    assert (first.status, first.text) == (again.status, again.text)
    assert "idempotent-replay" not in first.headers
    assert again.headers["idempotent-replay"] == "true"
    assert len(stage.identities.events) == 1


def test_another_body_under_the_key_is_refused(stage: Stage) -> None:
    post(stage)
    answer = post(stage, BODY | {"name": "Ada"})
    assert (answer.status, answer.json["type"]) == (
        422,
        "urn:rapport:problem:idempotency_key_reused",
    )


def test_while_one_is_worked_on_the_other_is_told_to_come_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner: list[Any] = []
    found = stage.identities

    def meanwhile() -> Any:
        monkeypatch.setattr(wiring, "identities", lambda: found)
        inner.append(post(stage))
        return found

    monkeypatch.setattr(wiring, "identities", meanwhile)
    assert post(stage).status == 200
    assert inner[0].status == 409
    assert inner[0].json["type"] == "urn:rapport:problem:request_in_flight"
    assert int(inner[0].headers["retry-after"]) in range(1, 15)


def test_a_crash_blocks_no_longer_than_the_function_could_have_run(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(wiring, "identities", die)
        with pytest.raises(Killed):
            post(stage)
    assert post(stage).status == 409
    stage.clock.advance(timedelta(seconds=13))
    assert post(stage).status == 200
    assert post(stage).headers["idempotent-replay"] == "true"


def test_an_error_of_the_caller_is_kept(stage: Stage) -> None:
    wrong = {"source_id": ""}
    assert post(stage, wrong).status == 400
    again = post(stage, wrong)
    assert (again.status, again.headers["idempotent-replay"]) == (400, "true")
    assert again.headers["content-type"] == "application/problem+json"


def test_an_error_of_ours_is_not_kept_and_may_be_tried_at_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(wiring, "identities", lambda: None)
        assert post(stage).status == 500
    again = post(stage)
    assert again.status == 200
    assert "idempotent-replay" not in again.headers


def test_after_a_day_the_key_is_free(stage: Stage) -> None:
    post(stage)
    stage.clock.advance(timedelta(hours=24))
    answer = post(stage, BODY | {"name": "Ada"})
    assert answer.status == 200


def test_keys_of_different_callers_do_not_meet(stage: Stage) -> None:
    mine = post(stage)
    other = post(stage, claims=application("customers.write", sub="client-2"))
    assert "idempotent-replay" not in other.headers
    assert mine.json["record"]["record_id"] != other.json["record"]["record_id"]


def test_without_a_key_nothing_is_kept(stage: Stage) -> None:
    post(stage, headers={})
    assert stage.requests.stored == {}


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "a\tb"])
def test_a_strange_key_is_refused(stage: Stage, key: str) -> None:
    answer = post(stage, headers={"idempotency-key": key})
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "Idempotency-Key")


def test_when_the_answer_cannot_be_kept_it_is_given_all_the_same(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(stage.requests, "complete", fail)
    assert post(stage).status == 200


def test_when_the_claim_cannot_be_written_nothing_is_done(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(stage.requests, "claim", fail)
    assert post(stage).status == 500
    assert stage.identities.found == {}


def test_neither_key_nor_caller_nor_body_lie_in_the_claims_name(stage: Stage) -> None:
    post(stage)
    (kept,) = stage.requests.stored.values()
    assert len(kept.key) == len(kept.fingerprint) == 64
