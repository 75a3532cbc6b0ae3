"""Events as the code, the template and the catalogue see them: one story."""

import re
from datetime import datetime
from typing import get_args

import jsonschema_rs
import pytest

from rapport.contracts.events import BusEvent, Data, Envelope
from tests.builders import NOW
from tools import catalogue

EVENTS = catalogue.events()
PARAMETERS = pytest.mark.parametrize("name", sorted(EVENTS))


def test_the_catalogue_is_as_the_code_says() -> None:
    assert catalogue.drift() == [], "run: python -m tools.catalogue"


def test_every_rule_names_real_events() -> None:
    named = {name for names in catalogue.patterns().values() for name in names}
    assert named - set(EVENTS) == set()


def test_every_event_named_by_a_rule_reaches_a_function() -> None:
    heard = catalogue.consumers()
    for names in catalogue.patterns().values():
        assert all(heard[name] for name in names)


@PARAMETERS
def test_every_event_has_a_producer(name: str) -> None:
    assert catalogue.producers(EVENTS[name])


@PARAMETERS
def test_every_event_has_a_consumer_or_says_that_it_is_for_others(name: str) -> None:
    heard = bool(catalogue.consumers().get(name))
    match EVENTS[name].audience:
        case "rules":
            assert heard
        case "subscribers":
            assert not heard, "it has a consumer now: say so"
        case "relay":
            relay = (catalogue.PACKAGE / "relay" / "service.py").read_text()
            assert f"{EVENTS[name].__name__}.detail_type" in relay
            assert not heard


@PARAMETERS
def test_every_event_is_a_fact_in_the_past_tense_with_a_version(name: str) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z]+(ed|Unknown|Sent|Withheld)\.v[1-9]", name)
    assert name == f"{EVENTS[name].__name__}.v{name.rpartition('.v')[2]}"
    assert (EVENTS[name].__doc__ or "").strip()


@PARAMETERS
def test_no_event_has_a_field_for_personal_data(name: str) -> None:
    words = {"text", "address", "phone", "email", "name", "value", "payload", "body", "sender"}
    for field in EVENTS[name].model_fields:
        assert not words & set(field.split("_")), field


@PARAMETERS
def test_a_delivered_event_is_as_its_schema_says(name: str) -> None:
    kind = EVENTS[name]
    data = {field: _plausible(field, kind) for field in kind.model_fields}
    envelope = Envelope.model_validate(
        {
            "detail_type": name,
            "metadata": {"event_id": "evt_1", "occurred_at": NOW},
            "data": kind.model_validate(data).model_dump(mode="json"),
        }
    )
    delivered = {
        "source": "rapport",
        "detail-type": name,
        "detail": envelope.model_dump(mode="json", exclude={"detail_type"}),
    }
    jsonschema_rs.validate(catalogue.schema(kind), delivered)
    assert BusEvent.model_validate(delivered).detail_type == name


def _plausible(field: str, kind: type[Data]) -> object:
    known = {"presence": "online", "assurance": "channel"}
    wanted = kind.model_fields[field].annotation
    # Of `int | None` the first.
    plain = get_args(wanted)[0] if type(None) in get_args(wanted) else wanted
    by_type: dict[object, object] = {
        bool: False,
        int: 3,
        datetime: NOW,
        list[str]: ["x_1"],
        tuple[str, ...]: ("x_1",),
    }
    return known.get(field, by_type.get(plain, "x_1"))
