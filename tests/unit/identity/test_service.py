"""Exactly one customer behind a sender, however first contacts race."""

from rapport.contracts.identity import Assurance
from rapport.contracts.inbound import Kind, ReceivedEvent
from rapport.identity.hearing import Engine
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Record, Source
from rapport.identity.service import match_sender
from tests.builders import (
    PHONE,
    a_mail,
    a_received,
    a_tracking_call,
    after,
    an_event,
    an_identifier,
    an_sms,
)
from tests.unit.identity.worlds import Counting, an_engine


class Lagging(InMemoryGraph):
    """A graph whose quick read never sees what was written a moment ago."""

    def find(self, source: Source) -> Record | None:
        return None


class Asked:
    """Counts how often the engine was needed."""

    def __init__(self, graph: InMemoryGraph) -> None:
        self.engine, self.times = an_engine(graph), 0

    def __call__(self) -> Engine:
        self.times += 1
        return self.engine


def match(received: ReceivedEvent, graph: InMemoryGraph, asked: Asked | None = None) -> Record:
    record = match_sender(received, graph=graph, engine=asked or Asked(graph))
    assert record is not None
    return record


def test_a_first_contact_makes_a_record_and_its_customer() -> None:
    graph = InMemoryGraph()
    record = match(a_received(an_event(sender_name="Ada")), graph)
    assert (record.name, record.identifiers) == ("Ada", (an_identifier(),))
    assert [one.detail_type for one in graph.events] == ["RecordAttached.v1"]


def test_a_second_message_costs_one_read_and_no_engine() -> None:
    graph = Counting()
    asked = Asked(graph)
    first = match(a_received(), graph, asked)
    graph.calls.clear()
    event = an_event(provider_message_id="wamid.2", timestamp=after(minutes=1))
    again = match(a_received(event, ingest_id="ing_2"), graph, asked)
    assert again == first
    assert (graph.calls, asked.times) == (["find"], 1)


def test_an_event_that_names_nobody_makes_nobody() -> None:
    graph = InMemoryGraph()
    nobody = a_received(an_event(from_=None))
    assert match_sender(nobody, graph=graph, engine=Asked(graph)) is None
    assert graph.found == {}


def test_a_stale_read_of_a_known_sender_makes_no_second_record() -> None:
    graph = Lagging()
    asked = Asked(graph)
    assert match(a_received(), graph, asked) == match(a_received(ingest_id="ing_2"), graph, asked)
    assert len(graph.found) == len(graph.events) == 1


def test_what_we_write_ourselves_tells_nothing_new_of_whom_we_know() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    known = match(a_received(an_event(sender_name="Ada")), graph, asked)
    echo = an_event(kind=Kind.ECHO, from_="204811", to="14155550100", sender_name="The Shop")
    assert match(a_received(echo), graph, asked).record_id == known.record_id
    assert graph.found[known.source].name == "Ada"
    assert asked.times == 1


def test_a_missing_name_does_not_erase_the_known_one() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    match(a_received(an_event(sender_name="Ada")), graph, asked)
    nameless = match(a_received(an_event(), ingest_id="ing_2"), graph, asked)
    assert graph.found[nameless.source].name == "Ada"


def test_a_forged_mail_reaches_nobodys_customer() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    sender = "ada@lovelace.org"
    owner = match(a_mail(sender), graph, asked)
    elsewhere = a_mail(sender, dmarc=False).model_copy(update={"account": "second"})
    assert match(elsewhere, graph, asked).customer_id != owner.customer_id
    here = match(a_mail(sender, dmarc=False), graph, asked)
    assert here.record_id == owner.record_id
    assert here.customer_id != owner.customer_id


def test_a_claim_that_becomes_vouched_for_is_kept_at_its_best() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    match(a_mail("ada@lovelace.org", dmarc=False), graph, asked)
    record = match(a_mail("ada@lovelace.org"), graph, asked)
    assert [one.assurance for one in record.identifiers] == [Assurance.CHANNEL]


def test_the_same_phone_by_whatsapp_and_sms_is_one_customer() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    whatsapp, sms = match(a_received(), graph, asked), match(an_sms(), graph, asked)
    assert whatsapp.customer_id == sms.customer_id
    assert whatsapp.record_id != sms.record_id


def test_a_login_makes_one_customer_of_the_visitor_and_the_user() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    visitor = match(a_tracking_call(anonymousId="anon-7"), graph, asked)
    account = match(a_tracking_call(trusted=True, userId="u1"), graph, asked)
    assert visitor.customer_id != account.customer_id
    match(a_tracking_call(trusted=True, anonymousId="anon-7", userId="u1"), graph, asked)
    assert len({one.customer_id for one in graph.found.values()}) == 1
    assert graph.events[-1].detail_type == "CustomersMerged.v1"


def test_a_number_that_a_browser_claims_keeps_its_holder() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    call = a_tracking_call(Kind.IDENTIFY, anonymousId="anon-7", traits={"phone": PHONE})
    claimant, owner = match(call, graph, asked), match(a_received(), graph, asked)
    assert claimant.customer_id != owner.customer_id


def test_every_event_of_one_change_has_an_id_of_its_own() -> None:
    graph = InMemoryGraph()
    asked = Asked(graph)
    match(a_tracking_call(anonymousId="a1"), graph, asked)
    traits = {"email": "ada@lovelace.org", "phone": PHONE}
    call = a_tracking_call(Kind.IDENTIFY, anonymousId="a1", userId="u1", traits=traits)
    match(call, graph, asked)
    ids = [event.metadata.event_id for event in graph.events]
    assert len(set(ids)) == len(ids) == 4
