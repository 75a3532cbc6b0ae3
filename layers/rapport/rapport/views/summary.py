"""What a customer's traits and tracked events add up to: purchases, loyalty, devices, places."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from rapport.activity.model import TrackedEvent
from rapport.contracts.api.base import View
from rapport.contracts.api.customers import (
    DeviceView,
    LoyaltyView,
    Money,
    OrderView,
    PlaceView,
    PurchasesView,
    SummaryView,
)
from rapport.contracts.identity import Assurance
from rapport.identity.disclosure import Grant, Sight, sight
from rapport.identity.profile import Profile

STATUSES = {
    "order completed": "completed",
    "order updated": "updated",
    "order refunded": "refunded",
    "order cancelled": "cancelled",
}
"""Segment's e-commerce events (spec v2) that tell where an order is."""

UNDONE = frozenset({"refunded", "cancelled"})
PRODUCTS, DEVICES, PLACES = 10, 10, 10


@dataclass(frozen=True)
class Order:
    """One order by all that was heard of it, oldest first."""

    order_id: str | None
    events: Sequence[TrackedEvent]
    assurance: Assurance

    @property
    def status(self) -> str:
        """What was last heard."""
        return STATUSES[(self.events[-1].name or "").casefold()]

    @property
    def at(self) -> datetime:
        """When it was last heard of."""
        return self.events[-1].at


def summarise(
    events: Iterable[TrackedEvent],
    profile: Profile,
    allowed: Grant,
    *,
    accounts: frozenset[str],
    is_partial: bool,
) -> SummaryView:
    """The summary of what may be seen; `accounts` are records told by a server that knows them."""
    events = sorted(events, key=lambda one: (one.at, one.key))

    def seen(field: str) -> list[TrackedEvent]:
        return [one for one in events if sight(field, one.record_id, allowed) is Sight.FULL]

    orders = _orders(seen("purchases"), accounts)
    latest = _orders(seen("orders"), accounts)[-1:]
    return SummaryView(
        purchases=_purchases(orders),
        last_order=_last_order(latest[0]) if latest else None,
        loyalty=_loyalty(profile),
        preferences={
            one.key.removeprefix("preferences."): one.value
            for one in profile.facts
            if one.key.partition(".")[0] in {"preferences", "interests", "language"}
        },
        devices=_latest([_device(one) for one in seen("devices")], DEVICES),
        places=_latest([_place(one) for one in seen("places")], PLACES),
        is_partial=is_partial,
    )


def _orders(events: Iterable[TrackedEvent], accounts: frozenset[str]) -> list[Order]:
    """Orders by when they were last heard of; what a server tells outdoes what browsers tell."""
    told = [one for one in events if (one.name or "").casefold() in STATUSES]
    sure = [one for one in told if one.record_id in accounts]
    by_id: dict[str, list[TrackedEvent]] = {}
    for one in sure or told:
        by_id.setdefault(_order_id(one) or one.key, []).append(one)
    assurance = Assurance.CHANNEL if sure else Assurance.CLAIMED
    found = [Order(_order_id(some[0]), some, assurance) for some in by_id.values()]
    return sorted(found, key=lambda one: (one.at, one.events[-1].key))


def _order_id(event: TrackedEvent) -> str | None:
    told = event.properties.get("order_id") or event.properties.get("orderId")
    return str(told)[:256] if told else None


def _purchases(orders: Sequence[Order]) -> PurchasesView | None:
    made = [one for one in orders if one.status not in UNDONE]
    if not made:
        return None
    totals: dict[str | None, Decimal] = {}
    products: dict[str, None] = {}
    for one in reversed(made):
        amount, currency = _amount(one)
        if amount is not None:
            totals[currency] = totals.get(currency, Decimal()) + amount
        products |= dict.fromkeys(_products(one))
    return PurchasesView(
        orders=len(made),
        last_at=made[-1].at,
        totals=[
            Money(amount=float(totals[one]), currency=one)
            for one in sorted(totals, key=lambda one: one or "")
        ],
        products=[*products][:PRODUCTS],
        assurance=made[-1].assurance,
    )


def _amount(order: Order) -> tuple[Decimal | None, str | None]:
    for event in reversed(order.events):
        told = next(
            (
                event.properties[key]
                for key in ("total", "revenue", "value")
                if _is_told(event, key)
            ),
            None,
        )
        try:
            amount = Decimal(str(told))
        except InvalidOperation:
            continue
        if amount.is_finite():
            currency = event.properties.get("currency")
            return amount, currency[:3].upper() if isinstance(currency, str) else None
    return None, None


def _is_told(event: TrackedEvent, key: str) -> bool:
    return event.properties.get(key) is not None


def _products(order: Order) -> list[str]:
    told = order.events[-1].properties.get("products")
    if not isinstance(told, list | tuple):
        return []
    names = [one.get("name") for one in told if isinstance(one, Mapping)]
    return [name[:256] for name in names if isinstance(name, str)]


def _last_order(order: Order) -> OrderView:
    return OrderView(
        order_id=order.order_id, status=order.status, at=order.at, assurance=order.assurance
    )


def _loyalty(profile: Profile) -> LoyaltyView | None:
    tier, number = profile.fact("tier"), profile.fact("loyalty")
    if not tier and not number:
        return None
    return LoyaltyView(
        tier=tier.value if tier else None, number=str(number.value) if number else None
    )


def _device(event: TrackedEvent) -> DeviceView | None:
    device, system = _part(event.context, "device"), _part(event.context, "os")
    found = {
        "type": _text(device.get("type")),
        "model": _joined(device.get("manufacturer"), device.get("model")),
        "os": _joined(system.get("name"), system.get("version")),
        "user_agent": _text(event.context.get("userAgent")),
    }
    if not any(found.values()):
        return None
    return DeviceView(record_id=event.record_id, last_at=event.at, **found)


def _place(event: TrackedEvent) -> PlaceView | None:
    location = _part(event.context, "location")
    found = {key: _text(location.get(key)) for key in ("city", "region", "country")}
    found["timezone"] = _text(event.context.get("timezone"))
    return PlaceView(last_at=event.at, **found) if any(found.values()) else None


Dated = TypeVar("Dated", bound=View)


def _latest(found: Sequence[Dated | None], most: int) -> list[Dated]:
    """Each once as of its last time, the latest first."""
    latest: dict[str, Dated] = {}
    for one in found:
        if one is not None:
            key = one.model_dump_json(exclude={"last_at"})
            latest.pop(key, None)
            latest[key] = one
    return [*reversed(latest.values())][:most]


def _part(context: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = context.get(key)
    return found if isinstance(found, Mapping) else {}


def _joined(*parts: object) -> str | None:
    return " ".join(text for part in parts if (text := _text(part))) or None


def _text(value: object) -> str | None:
    return value[:256] if isinstance(value, str) and value.strip() else None
