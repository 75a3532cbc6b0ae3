"""What tracked events add up to, and what they do not."""

from datetime import datetime
from typing import Any

import pytest

from rapport.activity.model import TrackedEvent
from rapport.contracts.api.customers import SummaryView
from rapport.contracts.identity import Assurance
from rapport.identity.disclosure import Basis, Grant
from rapport.identity.profile import Profile
from rapport.identity.survivorship import ProfileRules
from rapport.views.summary import summarise
from tests.builders import RECORD, a_tracked_event, after

EVERYTHING = Grant(Assurance.VERIFIED, Basis.SYSTEM)


def an_order(number: int, name: str = "Order Completed", **properties: Any) -> TrackedEvent:
    return a_tracked_event(number, kind="track", name=name, properties=properties, context={})


def a_context(number: int, **context: Any) -> TrackedEvent:
    return a_tracked_event(number, context=context, properties={})


def summary(*events: TrackedEvent, allowed: Grant = EVERYTHING) -> SummaryView:
    profile = Profile((), ProfileRules())
    accounts = frozenset({RECORD})
    return summarise(events, profile, allowed, accounts=accounts, is_partial=False)


def totals(*events: TrackedEvent) -> list[tuple[float, str | None]]:
    purchases = summary(*events).purchases
    return [(one.amount, one.currency) for one in purchases.totals] if purchases else []


def test_an_order_told_by_browser_and_server_counts_once() -> None:
    once, again = an_order(1, order_id="7", total=20), an_order(2, order_id="7", total=20)
    assert totals(once, again) == [(20.0, None)]


def test_an_order_that_was_undone_is_none_and_still_the_last_one_heard_of() -> None:
    found = summary(
        an_order(1, order_id="1", total=5, currency="eur"),
        an_order(2, order_id="2", total=9),
        an_order(3, "Order Cancelled", order_id="2"),
    )
    assert found.purchases is not None
    assert found.last_order is not None
    assert found.purchases.orders == 1
    assert [(one.amount, one.currency) for one in found.purchases.totals] == [(5.0, "EUR")]
    assert (found.last_order.order_id, found.last_order.status) == ("2", "cancelled")


def test_amounts_of_each_currency_add_up_exactly() -> None:
    events = [an_order(n, order_id=str(n), total=0.1, currency="USD") for n in range(1, 4)]
    pounds = an_order(9, order_id="9", revenue="12.30", currency="GBP")
    assert totals(*events, pounds) == [(12.3, "GBP"), (0.3, "USD")]


@pytest.mark.parametrize("total", ["NaN", "Infinity", "many", None, [], {"a": 1}])
def test_an_amount_that_is_none_is_left_out(total: object) -> None:
    found = summary(an_order(1, order_id="1", total=total)).purchases
    assert found is not None
    assert (found.orders, found.totals) == (1, [])


@pytest.mark.parametrize("products", [None, "shoes", [1, None, {"name": 3}], {"name": "x"}])
def test_products_that_are_none_are_left_out(products: object) -> None:
    found = summary(an_order(1, products=products)).purchases
    assert found is not None
    assert found.products == []


def test_orders_that_only_a_browser_told_are_claimed() -> None:
    event = an_order(1, order_id="1", total=5)
    profile = Profile((), ProfileRules())
    found = summarise([event], profile, EVERYTHING, accounts=frozenset(), is_partial=True)
    assert found.purchases is not None
    assert found.purchases.assurance is Assurance.CLAIMED
    assert found.is_partial


def test_a_device_is_shown_once_as_of_its_last_time() -> None:
    phone = {"device": {"type": "ios", "manufacturer": "Apple", "model": "iPhone15,2"}}
    laptop = {"userAgent": "Mozilla/5.0", "os": {"name": "macOS", "version": "15"}}
    found = summary(a_context(1, **phone), a_context(2, **laptop), a_context(3, **phone)).devices
    shown: list[tuple[str | None, str | None, datetime]] = [
        (one.model, one.os, one.last_at) for one in found
    ]
    assert shown == [
        ("Apple iPhone15,2", None, after(minutes=3)),
        (None, "macOS 15", after(minutes=2)),
    ]


@pytest.mark.parametrize("context", [{}, {"device": "phone"}, {"location": []}, {"userAgent": 7}])
def test_a_context_that_tells_nothing_is_no_device_and_no_place(context: dict[str, Any]) -> None:
    found = summary(a_context(1, **context))
    assert (found.devices, found.places) == ([], [])


def test_what_may_not_be_seen_is_not_added_up() -> None:
    event = a_tracked_event(
        1,
        kind="track",
        name="Order Completed",
        properties={"total": 5},
        context={"location": {"city": "Leeds"}},
    )
    bot = Grant(
        Assurance.CHANNEL, Basis.SENDER, Assurance.CHANNEL, says_all=True, record_id="rec_1"
    )
    found = summary(event, allowed=bot)
    assert (found.purchases, found.places) == (None, [])
    assert found.last_order is not None
    nothing = summary(event, allowed=Grant(Assurance.CLAIMED, Basis.NONE, says_all=True))
    assert nothing == SummaryView()
