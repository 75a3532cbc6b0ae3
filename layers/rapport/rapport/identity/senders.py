"""Who is behind an event, as its source describes them."""

import re
from collections.abc import Callable, Mapping

from rapport.contracts.identity import Assurance, Identifier
from rapport.contracts.inbound import TRACKED, InboundEvent, ReceivedEvent
from rapport.identity.model import Attestation, Sender, Source, merged_traits, strongest
from rapport.kernel import email, phone
from rapport.kernel.errors import InvalidInput

# What broken integrations send in place of an id (Segment blocks the like in identity resolution):
# taken for an id it would make one customer of all of them.
_PLACEHOLDER = re.compile(
    r"[0-]*|-1|null|nil|none|nan|undefined|unknown|anonymous|guest|true|false|\[object object\]",
    re.IGNORECASE,
)

# Traits that identify, in Segment's spelling and in the usual others; the rest is profile.
_ATTRIBUTES = {
    "name": "full_name",
    "firstName": "given_name",
    "first_name": "given_name",
    "lastName": "surname",
    "last_name": "surname",
    "birthday": "date_of_birth",
    "date_of_birth": "date_of_birth",
    "gender": "gender",
    "address": "address",
    "city": "city",
    "postal_code": "postcode",
    "country": "country",
}
_ADDRESS = {
    "street": "street",
    "city": "city",
    "postalCode": "postcode",
    "state": "region",
    "country": "country",
}


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
        identifiers=strongest(_vouched(event, address, received.account)),
        name=event.sender_name,
        attributes=attributes_of({"name": event.sender_name}),
        attestation=Attestation.SELF if event.sender_name else Attestation.NONE,
    )


def attributes_of(traits: Mapping[str, object]) -> dict[str, str]:
    """The attributes among `traits` that identify (see `graph.ATTRIBUTES`), as texts."""
    found = {
        attribute: text
        for trait, attribute in _ATTRIBUTES.items()
        if (text := _text(traits.get(trait)))
    }
    address = traits.get("address")
    if isinstance(address, Mapping):
        found |= {
            attribute: text
            for part, attribute in _ADDRESS.items()
            if (text := _text(address.get(part)))
        }
    return found


def _folded(event: InboundEvent, address: str) -> str:
    # One person, one record: e-mail is compared in lower case; Twilio's senders keep their
    # prefix, so that each channel has its own record and its own reply window.
    return address.strip().lower() if event.channel == "email" else address.strip()


def _vouched(event: InboundEvent, address: str, account: str) -> list[Identifier]:
    """What the platform vouches for (`sender_ids`), and what the address itself claims.

    A caller's number, a mail without DMARC pass and an alphanumeric SMS sender are claims.
    Elsewhere the address is the platform's own id of the sender, of meaning within our account
    alone (Messenger, LINE, Telegram, web chat).
    """
    named: list[Identifier] = []
    if event.channel in {"whatsapp", "sms", "mms", "rcs", "voice"}:
        named = _phone(address, Assurance.CLAIMED)
    elif event.channel == "email":
        named = _email(address, Assurance.CLAIMED)
    else:
        named = [chat_identifier(event.channel, account, address.strip(), Assurance.CHANNEL)]
    vouched = _vouched_phone_or_email(event.sender_ids)
    for namespace in ("bsuid", "anonymous_id"):
        if value := event.sender_ids.get(namespace):
            vouched.append(_identifier(namespace, value, Assurance.CHANNEL))
    return [*vouched, *named]


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
        attributes=attributes_of(traits),
        attestation=Attestation.SELF if traits else Attestation.NONE,
    )


def _own(value: object) -> object:
    """An id that can be somebody's own; None for what stands in place of one."""
    return None if value is None or _PLACEHOLDER.fullmatch(str(value).strip()) else value


def chat_identifier(channel: str, account: str, address: str, assurance: Assurance) -> Identifier:
    """A platform's own id of somebody, which means something on one account of ours alone."""
    return _identifier(f"{channel}_id", f"{account}:{address}", assurance)


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
