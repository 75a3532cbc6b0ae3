"""A session against the record of a customer."""

import pytest

from rapport.contracts.api.verifications import ContextMatch, ContextQuery
from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.model import Record, Source
from rapport.kernel.errors import NotFound
from rapport.views.context import match_context
from tests.builders import PHONE, after, an_identifier, heard
from tests.unit.views.identity import Identity

LONDON = "+442079460123"


def a_chat(identity: Identity, *named: Identifier, minutes: int = 5, **said: str) -> Record:
    """Somebody writes on web chat and shows these."""
    source = Source("webchat", "main", "visitor-1")
    return identity.engine.hear(heard(source, *named, attributes=said, at=after(minutes=minutes)))


def compared(identity: Identity, customer: Record, chat: Record) -> ContextMatch:
    query = ContextQuery(record_id=chat.record_id, session_customer_id=chat.customer_id)
    return match_context(customer.customer_id, query, graph=identity.graph)


def verdicts(found: ContextMatch) -> dict[str, str]:
    return {name: getattr(found, name).verdict for name in ("place", "phone", "device")}


def browser(name: str) -> Identifier:
    return an_identifier("anonymous_id", name, Assurance.CHANNEL)


def a_customer(identity: Identity, **said: str) -> Record:
    """On record with an American number and a browser."""
    told = (an_identifier("phone", PHONE, Assurance.VERIFIED), browser("laptop"))
    return identity.engine.hear(
        heard(Source("crm", "c", "1"), *told, name="Jane Moore", attributes=said)
    )


def test_who_shows_nothing_is_unknown() -> None:
    identity = Identity()
    customer, chat = a_customer(identity), a_chat(identity)
    assert set(verdicts(compared(identity, customer, chat)).values()) == {"unknown"}


def test_another_number_of_another_country_on_another_browser_is_a_mismatch() -> None:
    identity = Identity()
    customer = a_customer(identity)
    chat = a_chat(identity, an_identifier("phone", LONDON, Assurance.CHANNEL), browser("phone"))
    found = compared(identity, customer, chat)
    assert set(verdicts(found).values()) == {"mismatch"}
    assert (found.phone.session_sources, found.phone.record_sources) == (["webchat"], ["crm"])


def test_the_same_country_by_another_number_is_the_same_place() -> None:
    identity = Identity()
    customer = a_customer(identity)
    chat = a_chat(identity, an_identifier("phone", "+14155550188", Assurance.CHANNEL))
    told = verdicts(compared(identity, customer, chat))
    assert told == {"place": "match", "phone": "mismatch", "device": "unknown"}


def test_a_number_that_is_merely_claimed_shows_nothing() -> None:
    identity = Identity()
    customer = a_customer(identity)
    chat = a_chat(identity, an_identifier("phone", PHONE, Assurance.CLAIMED))
    assert verdicts(compared(identity, customer, chat))["phone"] == "unknown"


def test_what_the_sender_said_is_not_on_record_for_itself() -> None:
    identity = Identity()
    told = an_identifier("phone", PHONE, Assurance.CHANNEL)
    chat = a_chat(identity, told, browser("laptop"))
    assert set(verdicts(compared(identity, chat, chat)).values()) == {"unknown"}


def test_a_sender_of_somebody_else_is_not_found() -> None:
    identity = Identity()
    customer = a_customer(identity)
    with pytest.raises(NotFound):
        match_context(
            customer.customer_id, ContextQuery(record_id="rec_none"), graph=identity.graph
        )
