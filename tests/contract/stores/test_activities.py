"""`Activities` on every engine."""

from typing import Any

import pytest

from rapport.activity.ports import Activities
from rapport.activity.store import RETENTION
from tests.builders import RECORD, a_tracked_event, after
from tests.contract.stores.engines import Dynamo, Engine


@pytest.fixture
def activities(engine: Engine) -> Activities:
    return engine.activities()


def test_nothing_is_found_where_nothing_is(activities: Activities) -> None:
    assert activities.of_record(RECORD, before=None, limit=5) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": None, "properties": {}, "context": {}},
        {"properties": {"price": 19.5, "big": 2**60, "deep": [{"a": [None, True]}], "": ""}},
    ],
)
def test_an_event_reads_back_as_it_was_stored(
    activities: Activities, changes: dict[str, Any]
) -> None:
    event = a_tracked_event(**changes)
    activities.add(event)
    assert activities.of_record(RECORD, before=None, limit=5) == [event]


def test_a_second_event_of_a_key_changes_nothing(activities: Activities) -> None:
    activities.add(a_tracked_event())
    activities.add(a_tracked_event(name="other"))
    assert activities.of_record(RECORD, before=None, limit=5) == [a_tracked_event()]


def test_a_records_events_come_latest_first_and_no_more_than_asked(
    activities: Activities,
) -> None:
    for number in (2, 4, 1, 3):
        activities.add(a_tracked_event(number))
    activities.add(a_tracked_event(9, record_id="rec_other"))
    found = activities.of_record(RECORD, before=None, limit=3)
    assert found == [a_tracked_event(number) for number in (4, 3, 2)]


def test_a_page_begins_before_the_time_given(activities: Activities) -> None:
    for number in (1, 2, 3):
        activities.add(a_tracked_event(number))
    found = activities.of_record(RECORD, before=after(minutes=3), limit=9)
    assert found == [a_tracked_event(2), a_tracked_event(1)]


def test_events_are_forgotten_after_the_time_of_retention(engine: Engine) -> None:
    if not isinstance(engine, Dynamo):
        pytest.skip("only DynamoDB forgets")
    engine.activities().add(a_tracked_event())
    (item,) = engine.items()
    assert int(item["expires_at"]["N"]) == int((after(minutes=1) + RETENTION).timestamp())
