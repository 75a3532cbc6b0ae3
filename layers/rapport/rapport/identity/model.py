"""Records, identifiers, and the rules that say which records are one customer."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from rapport.contracts.identity import Assurance, Identifier
from rapport.contracts.inbound import TRACKED, InboundEvent, ReceivedEvent
from rapport.kernel import email, phone
from rapport.kernel.errors import InvalidInput
from rapport.kernel.json import dumps

MAX_IDENTIFIERS = 20
"""Per record; more than that is a broken or hostile source (Segment allows five a namespace)."""

MAX_TRAITS_BYTES = 32 * 1024
"""Of a record's traits as JSON (Segment's limit for one call): an item may not grow without end."""

# What broken integrations send in place of an id (Segment blocks the like in identity resolution):
# taken for an id it would make one customer of all of them.
_PLACEHOLDER = re.compile(
    r"[0-]*|-1|null|nil|none|nan|undefined|unknown|anonymous|guest|true|false|\[object object\]",
    re.IGNORECASE,
)

HOLDERS = 20
"""How many customers a search by one identifier names."""


@dataclass(frozen=True, order=True)
class Source:
    """Where a record comes from: one sender on one account of one channel. Unique."""

    channel: str
    account: str
    sender: str


@dataclass(frozen=True)
class Evidence:
    """Why a record belongs to its customer: appended, never changed.

    `rule` names the rule (`first_contact`, `shared_identifier`, `staff`), `identifier` the
    namespace and value that carried it, `event_id` the event that brought it.
    """

    rule: str
    at: datetime
    event_id: str
    identifier: Identifier | None = None


@dataclass(frozen=True)
class Record:
    """What one source said about a person, and the customer it is held with."""

    record_id: str
    customer_id: str
    source: Source
    channel: str
    created_at: datetime
    name: str | None = None
    identifiers: tuple[Identifier, ...] = ()
    traits: dict[str, object] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()

    def lacks(self, identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
        """Those of `identifiers` that this record would gain: new, or at a higher assurance.

        A full record gains only what is stronger than something it holds.
        """
        known = {(item.namespace, item.value): item.assurance.rank for item in self.identifiers}
        new = tuple(
            item
            for item in identifiers
            if known.get((item.namespace, item.value), -1) < item.assurance.rank
        )
        kept = strongest((*self.identifiers, *new)) if new else ()
        return tuple(item for item in new if item in kept)


@dataclass(frozen=True)
class Sender:
    """The person behind an event as its source describes them."""

    source: Source
    channel: str
    identifiers: tuple[Identifier, ...]
    name: str | None = None
    traits: dict[str, object] = field(default_factory=dict)


def joining(identifiers: Iterable[Identifier]) -> tuple[Identifier, ...]:
    """The identifiers that may join records: vouched for by a platform, a code or a person.

    Claims never join people (design decision 7).
    """
    return tuple(item for item in identifiers if item.assurance.rank >= Assurance.CHANNEL.rank)


def claimed(record: Record) -> tuple[Identifier, ...]:
    """The identifiers of `record` that are merely claimed: searched by staff, joining nobody."""
    return tuple(item for item in record.identifiers if item.assurance is Assurance.CLAIMED)


def strongest(identifiers: Sequence[Identifier]) -> tuple[Identifier, ...]:
    """One entry per namespace and value, at its highest assurance.

    Over `MAX_IDENTIFIERS` the weakest go, of equals the latest.
    """
    best: dict[tuple[str, str], Identifier] = {}
    for item in identifiers:
        known = best.get((item.namespace, item.value))
        if known is None or known.assurance.rank < item.assurance.rank:
            best[(item.namespace, item.value)] = item
    if len(best) <= MAX_IDENTIFIERS:
        return tuple(best.values())
    return tuple(sorted(best.values(), key=lambda item: -item.assurance.rank)[:MAX_IDENTIFIERS])


def merged_traits(known: Mapping[str, object], news: Mapping[str, object]) -> dict[str, object]:
    """`news` over `known`; over `MAX_TRAITS_BYTES` the oldest are dropped."""
    merged = {**known, **news}
    if len(dumps(merged)) <= MAX_TRAITS_BYTES:
        return merged
    kept: dict[str, object] = {}
    room = MAX_TRAITS_BYTES
    for name in [*news, *(name for name in reversed([*known]) if name not in news)]:
        room -= len(dumps({name: merged[name]}))
        if room >= 0:
            kept[name] = merged[name]
    return kept


def sender_of(received: ReceivedEvent) -> Sender | None:
    """Who sent `received`; None where it names nobody (an account alert, say)."""
    event = received.event
    if event.kind in TRACKED:
        return _tracked_sender(received)
    if event.is_ours:
        # We wrote it: name and further ids are ours, and only the address is the customer's.
        event = event.model_copy(update={"from_": event.to, "sender_name": None, "sender_ids": {}})
    address = event.from_
    if not address or not address.strip():
        return None
    return Sender(
        source=Source(received.account_channel, received.account, _folded(event, address)),
        channel=event.channel,
        identifiers=strongest(_vouched(event, address)),
        name=event.sender_name,
    )


def _folded(event: InboundEvent, address: str) -> str:
    # One person, one record: e-mail is compared in lower case; Twilio's senders keep their
    # prefix, so that each channel has its own record and its own reply window.
    return address.strip().lower() if event.channel == "email" else address.strip()


def _vouched(event: InboundEvent, address: str) -> list[Identifier]:
    """What the platform vouches for (`sender_ids`), and what the address itself claims.

    A caller's number, a mail without DMARC pass and an alphanumeric SMS sender are claims. Ids that
    mean something within one account only (Messenger, LINE, Telegram) are the record itself.
    """
    claims: list[Identifier] = []
    if event.channel in {"whatsapp", "sms", "mms", "rcs", "voice"}:
        claims = _phone(address, Assurance.CLAIMED)
    elif event.channel == "email":
        claims = _email(address, Assurance.CLAIMED)
    vouched = _vouched_phone_or_email(event.sender_ids)
    for namespace in ("bsuid", "anonymous_id"):
        if value := event.sender_ids.get(namespace):
            vouched.append(_identifier(namespace, value, Assurance.CHANNEL))
    return [*vouched, *claims]


def _vouched_phone_or_email(sender_ids: Mapping[str, str]) -> list[Identifier]:
    number, address = sender_ids.get("phone"), sender_ids.get("email")
    return [
        *(_phone(number, Assurance.CHANNEL) if number else []),
        *(_email(address, Assurance.CHANNEL) if address else []),
    ]


def _tracked_sender(received: ReceivedEvent) -> Sender | None:
    event = received.event
    user, anonymous = _own(event.extra.get("userId")), _own(event.extra.get("anonymousId"))
    if not user and not anonymous:
        return None
    # A write key in a web page proves nothing: the browser may say it is anyone. What it does hold
    # is its own anonymous id. Only a source marked trusted (a server) vouches for user ids.
    vouched = Assurance.CHANNEL if received.trusted else Assurance.CLAIMED
    identifiers: list[Identifier] = []
    if anonymous:
        identifiers.append(_identifier("anonymous_id", anonymous, Assurance.CHANNEL))
    if user:
        identifiers.append(_identifier("user_id", user, vouched))
    traits = event.extra.get("traits") or {}
    identifiers += _optional(_phone, traits.get("phone")) + _optional(_email, traits.get("email"))
    by_user = user and (received.trusted or not anonymous)
    return Sender(
        source=Source(
            received.account_channel,
            received.account,
            f"user:{user}" if by_user else f"anonymous:{anonymous}",
        ),
        channel=event.channel,
        identifiers=strongest(identifiers),
        name=_text(traits.get("name")),
        traits=merged_traits({}, traits),
    )


def _own(value: object) -> object:
    """An id that can be somebody's own; None for what stands in place of one."""
    return None if value is None or _PLACEHOLDER.fullmatch(str(value).strip()) else value


def _identifier(namespace: str, value: object, assurance: Assurance) -> Identifier:
    return Identifier(namespace=namespace, value=str(value)[:256], assurance=assurance)


def _optional(
    parse: Callable[[str, Assurance], list[Identifier]], value: object
) -> list[Identifier]:
    return parse(value, Assurance.CLAIMED) if isinstance(value, str) else []


def _text(value: object) -> str | None:
    return value[:256] if isinstance(value, str) and value.strip() else None


def _phone(raw: str, assurance: Assurance) -> list[Identifier]:
    try:
        number = phone.normalise(raw.rpartition(":")[2])
    except InvalidInput:  # a username, a short code, an alphanumeric sender: not a phone
        return []
    return [Identifier(namespace="phone", value=number, assurance=assurance)]


def _email(raw: str, assurance: Assurance) -> list[Identifier]:
    try:
        address = email.normalise(raw)
    except InvalidInput:
        return []
    return [Identifier(namespace="email", value=address, assurance=assurance)]
