"""What a tracking call becomes on the timeline."""

from datetime import UTC, datetime
from typing import Any

import pytest

from rapport.activity.memory import InMemoryActivities
from rapport.activity.model import tracked_event
from rapport.contracts.inbound import Kind
from tests.builders import NOW, RECORD, a_tracked_event, a_tracking_call, after


def test_a_track_call_is_named_by_its_event() -> None:
    call = a_tracking_call(Kind.TRACK, event="Order Completed", properties={"revenue": 19.5})
    tracked = tracked_event(call, RECORD)
    assert (tracked.kind, tracked.name) == ("track", "Order Completed")
    assert tracked.properties == {"revenue": 19.5}
    assert tracked.key == "segment#default#seg-1"


@pytest.mark.parametrize(
    ("extra", "name"),
    [
        ({"name": "Home"}, "Home"),
        ({"properties": {"name": "Home"}}, "Home"),
        ({"properties": {}}, None),
        ({}, None),
    ],
)
def test_a_page_is_named_by_itself_or_by_its_properties(
    extra: dict[str, Any], name: str | None
) -> None:
    assert tracked_event(a_tracking_call(Kind.PAGE, **extra), RECORD).name == name


def test_what_identify_tells_are_its_traits() -> None:
    call = a_tracking_call(Kind.IDENTIFY, traits={"plan": "gold"})
    assert tracked_event(call, RECORD).properties == {"plan": "gold"}


def test_a_call_without_a_message_id_is_told_apart_by_its_arrival() -> None:
    call = a_tracking_call()
    nameless = call.event.model_copy(update={"provider_message_id": None})
    assert tracked_event(call.model_copy(update={"event": nameless}), RECORD).key == (
        "segment#default#ing_1"
    )


@pytest.mark.parametrize("year", [1, 1969, 1999, 2200, 9999])
def test_a_time_that_cannot_be_is_replaced_by_the_time_of_receipt(year: int) -> None:
    call = a_tracking_call()
    strange = call.event.model_copy(update={"timestamp": datetime(year, 1, 1, tzinfo=UTC)})
    assert tracked_event(call.model_copy(update={"event": strange}), RECORD).at == NOW


def test_a_page_takes_its_place_in_time_whenever_it_arrives() -> None:
    activities = InMemoryActivities()
    for number in (1, 3, 2):
        activities.add(a_tracked_event(number))
    found = activities.of_record(RECORD, before=after(minutes=3), limit=5)
    assert found == [a_tracked_event(2), a_tracked_event(1)]
