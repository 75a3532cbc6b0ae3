"""Does a session look like its customer: place, telephone number and device against the record."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from rapport.contracts.api.verifications import ContextMatch, ContextQuery, MatchView
from rapport.contracts.identity import Assurance
from rapport.identity.graph import Statement
from rapport.identity.lookup import find_customer
from rapport.identity.ports import Graph
from rapport.kernel import phone
from rapport.kernel.errors import NotFound

Read = Callable[[Statement], Iterable[str]]


@dataclass(frozen=True)
class _Told:
    """The values of one kind that statements tell, and the channels that told each."""

    values: frozenset[str]
    sources: tuple[str, ...]


def match_context(customer_id: str, query: ContextQuery, *, graph: Graph) -> ContextMatch:
    """Compare what the sender of a session shows with what is on record of a customer.

    At most two reads. What the session's own sender said is not on record for this. Raises
    `NotFound` where a customer or the sender is unknown.
    """
    customer = find_customer(customer_id, graph=graph)
    speaker = customer
    if query.session_customer_id not in (None, customer_id):
        speaker = find_customer(str(query.session_customer_id), graph=graph)
    here = [one for one in speaker.statements if one.record_id == query.record_id]
    if not here:
        raise NotFound("That customer has no such sender.", field="record_id")
    known = [one for one in customer.statements if one.record_id != query.record_id]
    return ContextMatch(
        place=_match(here, known, _places),
        phone=_match(here, known, _phones),
        device=_match(here, known, _devices),
    )


def _match(here: Collection[Statement], known: Collection[Statement], read: Read) -> MatchView:
    session, record = _told(here, read), _told(known, read)
    verdict = "unknown"
    if session.values and record.values:
        verdict = "match" if session.values & record.values else "mismatch"
    return MatchView(
        verdict=verdict, session_sources=list(session.sources), record_sources=list(record.sources)
    )


def _told(statements: Iterable[Statement], read: Read) -> _Told:
    found: set[str] = set()
    sources: dict[str, None] = {}
    for one in statements:
        if values := set(read(one)):
            found |= values
            sources[one.channel] = None
    return _Told(frozenset(found), tuple(sources))


def _phones(statement: Statement) -> Iterable[str]:
    """A number that is only claimed is no fact of either side."""
    return (
        one.value
        for one in statement.identifiers
        if one.namespace == "phone" and one.assurance is not Assurance.CLAIMED
    )


def _devices(statement: Statement) -> Iterable[str]:
    """The browsers and telephones that somebody was seen on."""
    return (one.value for one in statement.identifiers if one.namespace == "anonymous_id")


def _places(statement: Statement) -> Iterable[str]:
    """Countries: of the address, or where the telephone number is of; a traveller's differ."""
    country = statement.attributes.get("country", "").strip()
    if len(country) == 2:
        yield country.upper()
    for number in _phones(statement):
        if region := phone.region_of(number):
            yield region
