"""One-time codes that customers answer in the chat they are in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rapport.contracts.identity import Assurance, Identifier
from rapport.contracts.inbound import InboundEvent, ReceivedEvent
from rapport.identity.model import Heard, Record, Sender
from rapport.identity.proving import Proof
from rapport.identity.senders import chat_identifier
from rapport.otp.model import Verification
from rapport.otp.recognition import LONGEST, SHORTEST, find_code, mask
from rapport.otp.service import Checked, Office, check, waited_for
from rapport.otp.settings import LONGEST_LIFE

MASKED_FOR = timedelta(days=1)
"""How long after its end a code is still covered where it is written."""


@dataclass(frozen=True)
class Answer:
    """An event that may say a code: as it may be stored, what was checked, what that proved."""

    received: ReceivedEvent
    checked: Checked | None = None
    proof: Proof | None = None


def answer(received: ReceivedEvent, record: Record, *, office: Office) -> Answer:
    """Check the code that a customer's message says, and cover it, where its sender is waited for.

    The session of a chat is its record. One call where nothing was ever asked of the sender. The
    event's `ingest_id` names the guess: our own repetition of it hears what it heard.
    """
    (waiting, asked_at), now = waited_for(record.record_id, office=office), office.clock.now()
    if waiting is None and asked_at and now <= asked_at + LONGEST_LIFE + MASKED_FOR:
        # Another session has begun another since: how long the code was is forgotten.
        lengths = range(SHORTEST, LONGEST + 1)
        return Answer(received.model_copy(update={"event": _covered(received.event, lengths)}))
    text, guess_id = received.event.text or "", received.ingest_id
    # What died on its way to identity may come again days later.
    is_repeated = waiting is not None and waiting.approval == guess_id
    if waiting is None or (now > waiting.ends_at + MASKED_FOR and not is_repeated):
        return Answer(received)
    covered = received.model_copy(update={"event": _covered(received.event, [waiting.length])})
    code = find_code(text, waiting.length)
    if code is None or not (waiting.is_open(now) or is_repeated):
        return Answer(covered)
    session = record.record_id
    checked = check(waiting.verification_id, code, session, office=office, request_id=guess_id)
    proven = None
    if checked.approved is not None:
        proven = proof(checked.approved, record, received.received_at, guess_id, office=office)
    return Answer(covered, checked, proven)


def proof(
    one: Verification, record: Record, at: datetime, event_id: str, *, office: Office
) -> Proof | None:
    """What an approved verification proves: the chat's sender holds the address of the customer.

    None where the code alone proves too little.
    """
    held = _held(one, office) if one.address else None
    if one.step_up or held is None:
        return None
    sender = Sender(record.source, record.channel, (replace(held, method="otp"),))
    heard = Heard(sender, at, at, event_id)
    return Proof(heard, one.verification_id, one.customer_id)


def _held(one: Verification, office: Office) -> Identifier | None:
    """The address that a code went to; one of a chat is of the account that sent it."""
    address = one.address or ""
    if one.kind in {"phone", "email"}:
        return Identifier(one.kind, address, Assurance.VERIFIED)
    service = office.services.service(one.service)
    route = service.route(one.channel) if service else None
    if route is None:
        return None
    return chat_identifier(one.channel, route.account, address, Assurance.VERIFIED)


def _covered(event: InboundEvent, lengths: Iterable[int]) -> InboundEvent:
    """The event without anything that may be the code, wherever a provider repeats the text."""
    for length in lengths:
        changed = {
            "text": _masked(event.text, length),
            "payload": _masked(event.payload, length),
            "extra": _masked(event.extra, length),
        }
        event = event.model_copy(update=changed)
    return event


def _masked(said: Any, length: int) -> Any:
    if isinstance(said, str):
        return mask(said, length)
    if isinstance(said, Mapping):
        return {key: _masked(one, length) for key, one in said.items()}
    if isinstance(said, list | tuple):
        return [_masked(one, length) for one in said]
    return said
