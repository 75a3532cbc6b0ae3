"""Which events of a person a careful engine may hold together: the entities that are scored."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

Actor = tuple[str, str, bool]
_ASSURED = ("agent", "agent_kba", "staff")


def entities(events: Sequence[Mapping[str, Any]], actor: Mapping[str, Actor]) -> dict[str, str]:
    """The entity of each event, `person#number`: parts of a person's events that evidence connects.

    Evidence: the same verified identifier, unless it is an office's mailbox or a browser that
    several use; two staff-assured statements with name and a birth date, address or contact in
    common; one of these and an event with a name on which that contact is verified.
    """
    shared = _shared(events, actor)
    own: dict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for event in events:
        own[actor[event["event_id"]][0]][event["event_id"]] = event
    found: dict[str, str] = {}
    for person, told in own.items():
        parents = {event_id: event_id for event_id in told}
        first: dict[object, str] = {}
        for event_id, event in told.items():
            for key in _evidence(event, shared):
                _unite(parents, first.setdefault(key, event_id), event_id)
        _promote(parents, told)
        numbers: dict[str, int] = {}
        for event_id in told:
            root = _root(parents, event_id)
            found[event_id] = f"{person}#{numbers.setdefault(root, len(numbers))}"
    return found


def _shared(events: Sequence[Mapping[str, Any]], actor: Mapping[str, Actor]) -> set[str]:
    """Browsers and mailboxes that several people verified."""
    users: dict[str, set[str]] = defaultdict(set)
    for event in events:
        for one in event["identifiers"]:
            if one["verified"] and one["type"] in ("cookie", "email"):
                users[one["value"]].add(actor[event["event_id"]][0])
    offices = {v for v in users if v.endswith(".example-trading.hk")}
    return offices | {value for value, people in users.items() if len(people) > 1}


def _evidence(event: Mapping[str, Any], shared: set[str]) -> list[object]:
    keys: list[object] = [
        ("same", one["type"], _plain(one))
        for one in event["identifiers"]
        if one["verified"] and one["value"] not in shared
    ]
    told = event["attributes"]
    if event["attribute_assurance"] in _ASSURED and told.get("name"):
        if len(told.get("dob", "")) > 4:
            keys.append("birth")
        if told.get("address"):
            keys.append("address")
        keys += [
            ("contact", _plain(one)) for one in event["identifiers"] if _is_contact(one, shared)
        ]
    return keys


def _promote(parents: dict[str, str], told: Mapping[str, Mapping[str, Any]]) -> None:
    verified = {
        _plain(one): event_id
        for event_id, event in told.items()
        if event["attributes"].get("name") or event["attributes"].get("display_name")
        for one in event["identifiers"]
        if one["verified"]
    }
    for event_id, event in told.items():
        if event["attribute_assurance"] in _ASSURED and event["attributes"].get("name"):
            for one in event["identifiers"]:
                if _is_contact(one, set()) and _plain(one) in verified:
                    _unite(parents, verified[_plain(one)], event_id)


def _is_contact(one: Mapping[str, Any], shared: set[str]) -> bool:
    return (
        one["type"] in ("phone", "email")
        and one["value"] not in shared
        and one["value"] != "test@test.com"
        and not one["value"].endswith(".example-trading.hk")
    )


def _plain(one: Mapping[str, Any]) -> str:
    value: str = one["value"]
    return "".join(filter(str.isdigit, value))[-8:] if one["type"] == "phone" else value


def _root(parents: dict[str, str], one: str) -> str:
    while parents[one] != one:
        one = parents[one]
    return one


def _unite(parents: dict[str, str], one: str, two: str) -> None:
    parents[_root(parents, two)] = _root(parents, one)
