"""`Verifications` and `Services` in memory and on DynamoDB."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import pytest
from moto import mock_aws

from rapport.contracts.events import Envelope
from rapport.entrypoint.stream import events_of
from rapport.kernel.errors import Transient
from rapport.otp.memory import InMemoryServices, InMemoryVerifications
from rapport.otp.model import (
    SUBJECT_FAILURES,
    Attempt,
    AttemptStatus,
    Seen,
    Session,
    Sighting,
    Status,
    Subject,
    Verification,
)
from rapport.otp.ports import Services, Verifications
from rapport.otp.service_store import DynamoServices
from rapport.otp.settings import default_service
from rapport.otp.store import DynamoVerifications
from tests.builders import NOW, a_fact, after
from tests.unit.otp.builders import (
    ADDRESS_DIGEST,
    SESSION,
    SUBJECT,
    a_verification,
    an_attempt,
)

TABLE = {
    "TableName": "verifications",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [
        {"AttributeName": "pk", "AttributeType": "S"},
        {"AttributeName": "sk", "AttributeType": "S"},
    ],
    "KeySchema": [
        {"AttributeName": "pk", "KeyType": "HASH"},
        {"AttributeName": "sk", "KeyType": "RANGE"},
    ],
}


@dataclass
class Stores:
    """A store of each kind, and what rides on its items."""

    verifications: Verifications
    services: Services
    client: Any = None

    def told(self) -> list[Envelope]:
        """The events of what is stored now."""
        if isinstance(self.verifications, InMemoryVerifications):
            return self.verifications.events
        items = self.client.scan(TableName="verifications")["Items"]
        return events_of({"Records": [{"dynamodb": {"NewImage": item}} for item in items]})


@pytest.fixture(
    params=["memory", "moto", pytest.param("local", marks=pytest.mark.conformance)],
)
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    if request.param == "memory":
        yield Stores(InMemoryVerifications(), InMemoryServices())
        return
    if request.param == "moto":
        with mock_aws():
            yield on_dynamo(request.getfixturevalue("moto_client"))
        return
    yield from on_local(request.getfixturevalue("local_client"))


def on_dynamo(client: Any) -> Stores:
    client.create_table(**TABLE)
    dynamo = DynamoVerifications(client, "verifications")
    return Stores(dynamo, DynamoServices(client, "verifications"), client)


def on_local(client: Any) -> Iterator[Stores]:
    yield on_dynamo(client)
    client.delete_table(TableName="verifications")


@pytest.fixture
def local(local_client: Any) -> Iterator[Verifications]:
    """The store on Amazon's own DynamoDB Local, which threads may share."""
    for stores in on_local(local_client):
        yield stores.verifications


@pytest.fixture
def store(stores: Stores) -> Verifications:
    return stores.verifications


def begun(store: Verifications, **changes: Any) -> Verification:
    """A verification that was begun over whatever was there."""
    one = a_verification(**changes)
    seen = store.look([one.subject], one.session)
    session = Session(seen.session.failures, one.max_checks, one.verification_id, (NOW,))
    assert store.begin(one, [NOW], session, seen, [])
    return one


def stored(store: Verifications, one: Verification) -> Verification:
    found = store.get(one.verification_id)
    assert found is not None
    return found


_guesses = count(1)


def refuse(store: Verifications, one: Verification, at: Any = NOW, events: Any = ()) -> bool:
    """A wrong guess, each a new one."""
    return store.refuse(one, f"req_{next(_guesses)}", at, events)


def failures(store: Verifications, *subjects: str) -> list[int]:
    seen = store.look(subjects, SESSION)
    return [seen.subject(one).failures for one in subjects]


def test_nobody_is_known_at_first(store: Verifications) -> None:
    assert store.look([SUBJECT], SESSION) == Seen()
    assert store.get(a_verification().verification_id) is None
    assert store.get("no id of ours") is None


def test_a_verification_reads_back_as_it_began(store: Verifications) -> None:
    one = begun(store)
    assert stored(store, one) == one
    assert store.look([SUBJECT], SESSION) == Seen(
        {SUBJECT: Subject(0, (NOW,), None, one)},
        Session(0, one.max_checks, one.verification_id, (NOW,)),
    )


def test_a_verification_reads_back_with_everything_it_may_have(store: Verifications) -> None:
    one = begun(
        store,
        address=None,
        customer_id="cus_1",
        withheld=("no_address",),
        operator="+1415",
        block="555",
        step_up=("ported",),
        avoid=("sms",),
        address_failed=True,
        here=Sighting(NOW, -33.9, 151.2, "d1"),
        attempts=(an_attempt(), an_attempt(is_fallback=True, provider_message_id="SM1")),
    )
    assert stored(store, one) == one


def test_what_a_later_one_lacks_is_gone(store: Verifications) -> None:
    first = begun(store, withheld=("no_address",), address=None, customer_id="cus_1")
    second = begun(store, verification_id=first.verification_id.replace("a", "b", 1))
    assert stored(store, second) == second
    assert store.get(first.verification_id) is None


def test_where_answered_codes_were_asked_for_outlives_them(store: Verifications) -> None:
    here = [Sighting(NOW, device="d1"), Sighting(NOW, 25.0, 121.6), Sighting(NOW, 0.0, -0.1, "d3")]
    for number, place in enumerate(here):
        one = begun(store, verification_id=f"ver_{number:026}{SUBJECT}", here=place)
        if number != 1:
            assert store.approve(one, "req_1", NOW, [])
    begun(store, verification_id=f"ver_{3:026}{SUBJECT}")
    known = store.look([SUBJECT], SESSION).subject(SUBJECT)
    assert known.sightings == known.answered_from == (here[0], here[2])


def test_of_two_that_begin_over_the_same_one_does(store: Verifications) -> None:
    seen = store.look([SUBJECT], SESSION)
    one, other = a_verification(), a_verification(nonce="another")
    session = Session(0, 5, one.verification_id)
    assert store.begin(one, [], session, seen, [])
    assert not store.begin(other, [], replace(session, failures=3), seen, [a_fact()])
    assert stored(store, one) == one
    assert store.look([], SESSION).session == session


@pytest.mark.parametrize("moved", ["approved", "refused", "sent", "noted"])
def test_what_moved_since_it_was_read_is_not_begun_over(store: Verifications, moved: str) -> None:
    one = begun(store)
    seen = store.look([SUBJECT], SESSION)
    match moved:
        case "approved":
            store.approve(one, "req_1", NOW, [])
        case "refused":
            refuse(store, one, NOW, [])
        case "sent":
            store.order(one, an_attempt(), [], after(minutes=1), [])
        case "noted":
            store.note_failure(SESSION, NOW, [])
    later = replace(one, nonce="later")
    assert not store.begin(later, [], Session(0, 5, later.verification_id), seen, [])
    assert stored(store, one).nonce != later.nonce


def test_a_used_code_cannot_be_derived_any_more(store: Verifications) -> None:
    one = begun(store)
    assert store.approve(one, "req_1", NOW, [])
    used = stored(store, one)
    assert (used.nonce, used.key_version) == ("", "")


def test_failures_outlive_a_new_verification(store: Verifications) -> None:
    one = begun(store)
    refuse(store, one, NOW, [])
    begun(store, nonce="again")
    assert failures(store, SUBJECT, ADDRESS_DIGEST) == [1, 1]


def test_a_wrong_guess_counts_everywhere_at_once(store: Verifications) -> None:
    one = begun(store)
    assert refuse(store, one, NOW, [])
    assert stored(store, one).checks == 1
    assert failures(store, SUBJECT, ADDRESS_DIGEST) == [1, 1]


def test_a_guess_that_comes_again_is_counted_once(store: Verifications) -> None:
    one = begun(store)
    assert [store.refuse(one, "ing_1", NOW, []) for _ in range(3)] == [True, False, False]
    assert stored(store, one).checks == 1
    assert failures(store, SUBJECT, ADDRESS_DIGEST) == [1, 1]


def test_a_wrong_guess_at_an_address_counts_once(store: Verifications) -> None:
    one = begun(store, address_digest=SUBJECT)
    assert refuse(store, one, NOW, [])
    assert failures(store, SUBJECT) == [1]


def test_guesses_end_at_the_limit_the_right_one_too(store: Verifications) -> None:
    one = begun(store, max_checks=2)
    assert [refuse(store, one, NOW, []) for _ in range(4)] == [True, True, False, False]
    assert not store.approve(one, "req_1", NOW, [])
    assert stored(store, one).checks == 2
    assert failures(store, SUBJECT, ADDRESS_DIGEST) == [2, 2]


@pytest.mark.parametrize("where", ["subject", "address"])
def test_no_guess_is_taken_where_there_were_too_many(store: Verifications, where: str) -> None:
    busy = SUBJECT if where == "subject" else ADDRESS_DIGEST
    while failures(store, busy)[0] < SUBJECT_FAILURES:
        other = begun(store, subject=busy, address_digest=busy)
        for _ in range(5):
            refuse(store, other, NOW, [])
    one = begun(store)
    assert not refuse(store, one, NOW, [])
    assert failures(store, busy) == [SUBJECT_FAILURES]
    assert stored(store, one).checks == 0


def test_of_two_right_answers_one_is_approved(store: Verifications) -> None:
    one = begun(store)
    assert [store.approve(one, name, NOW, []) for name in ("req_1", "req_2")] == [True, False]
    assert stored(store, one).status is Status.APPROVED
    assert stored(store, one).approval == "req_1"


def test_a_right_answer_lets_failures_begin_anew(store: Verifications) -> None:
    one = begun(store)
    refuse(store, one, NOW, [])
    assert store.approve(stored(store, one), "req_1", after(minutes=1), [])
    assert failures(store, SUBJECT, ADDRESS_DIGEST) == [0, 0]
    assert store.look([SUBJECT], SESSION).subject(SUBJECT).answered_at == after(minutes=1)


@pytest.mark.parametrize("call", ["approve", "refuse", "order", "begin_attempt"])
def test_what_has_ended_takes_nothing_more(store: Verifications, call: str) -> None:
    one = begun(store, attempts=(an_attempt(status=AttemptStatus.ORDERED),))
    late = one.ends_at
    match call:
        case "approve":
            assert not store.approve(one, "req_1", late, [])
        case "refuse":
            assert not refuse(store, one, late, [])
        case "order":
            assert not store.order(one, an_attempt(at=late), [], late, [])
        case "begin_attempt":
            assert store.begin_attempt(one.verification_id, 1, late) == (False, one)
    assert stored(store, one) == one


def test_another_session_is_taken_for_nothing(store: Verifications) -> None:
    one = begun(store)
    strange = replace(one, session="another")
    assert not refuse(store, strange, NOW, [])
    assert not store.approve(strange, "req_1", NOW, [])
    assert stored(store, one) == one


def test_an_earlier_id_is_taken_for_nothing(store: Verifications) -> None:
    first = begun(store)
    begun(store, verification_id=first.verification_id.replace("a", "b", 1))
    assert not refuse(store, first, NOW, [])
    assert not store.approve(first, "req_1", NOW, [])
    assert not store.end(first, Status.CANCELED, "canceled", [])
    assert not store.order(first, an_attempt(), [], NOW, [])
    assert store.begin_attempt(first.verification_id, 1, NOW) == (False, None)


def test_guesses_at_nothing_count_at_their_session(store: Verifications) -> None:
    for _ in range(2):
        store.note_failure(SESSION, NOW, [])
    assert store.look([], SESSION).session == Session(failures=2)
    begun(store)
    store.note_failure(SESSION, NOW, [])
    assert store.look([], SESSION).session.failures == 3


def test_ordering_again_appends_once(store: Verifications) -> None:
    one = begun(store)
    attempt = an_attempt(channel="voice", at=after(minutes=1))
    assert store.order(one, attempt, [NOW, after(minutes=1)], after(minutes=2), [])
    assert not store.order(one, attempt, [], after(minutes=3), [])
    found = stored(store, one)
    assert found.attempts == (*one.attempts, attempt)
    assert found.next_send_at == after(minutes=2)
    assert store.look([SUBJECT], SESSION).subject(SUBJECT).starts == (NOW, after(minutes=1))


def test_what_is_over_is_ended_once(store: Verifications) -> None:
    one = begun(store)
    assert store.end(one, Status.CANCELED, "asked", [])
    assert not store.end(one, Status.CANCELED, "again", [])
    assert not store.order(one, an_attempt(), [], NOW, [])
    assert not store.approve(one, "req_1", NOW, [])
    assert stored(store, one) == replace(one, status=Status.CANCELED, reason="asked")


def test_an_ordered_attempt_is_taken_once(store: Verifications) -> None:
    one = begun(store, attempts=(an_attempt(status=AttemptStatus.ORDERED),))
    sending = replace(one, attempts=(an_attempt(status=AttemptStatus.SENDING),))
    assert store.begin_attempt(one.verification_id, 1, NOW) == (True, sending)
    assert store.begin_attempt(one.verification_id, 1, NOW) == (False, sending)
    assert store.begin_attempt(one.verification_id, 2, NOW) == (False, sending)


def test_an_attempt_ends_once_with_what_follows(store: Verifications) -> None:
    one = begun(store, attempts=(an_attempt(status=AttemptStatus.SENDING),))
    following = Attempt("voice", AttemptStatus.ORDERED, after(minutes=1), is_fallback=True)
    ended = [
        store.end_attempt(
            one, 1, AttemptStatus.FAILED, provider_message_id="SM1", following=following
        )
        for _ in range(2)
    ]
    assert ended == [True, False]
    failed = an_attempt(status=AttemptStatus.FAILED, provider_message_id="SM1")
    assert stored(store, one).attempts == (failed, following)


def test_nothing_follows_what_is_over(store: Verifications) -> None:
    one = begun(store, attempts=(an_attempt(status=AttemptStatus.SENT),))
    following = Attempt("voice", AttemptStatus.ORDERED, after(minutes=1), is_fallback=True)
    store.approve(one, "req_1", NOW, [])
    assert not store.end_attempt(one, 1, AttemptStatus.FAILED, following=following)
    assert store.end_attempt(one, 1, AttemptStatus.DELIVERED)
    assert [each.status for each in stored(store, one).attempts] == [AttemptStatus.DELIVERED]


def test_events_ride_on_what_happened_alone(stores: Stores) -> None:
    store = stores.verifications
    one = begun(store)
    fact, lost = a_fact(), a_fact()
    store.approve(one, "req_1", NOW, [fact])
    store.approve(one, "req_2", NOW, [lost])
    refuse(store, one, NOW, [lost])
    assert stores.told() == [fact]


def test_a_service_reads_back_and_its_versions_count(stores: Stores) -> None:
    services = stores.services
    first = default_service("login").model_copy(update={"version": 1})
    assert services.service("login") is None
    assert services.save(first)
    assert not services.save(first)
    second = first.model_copy(update={"version": 2, "max_sends": 3})
    assert services.save(second)
    assert not services.save(second.model_copy(update={"version": 4}))
    assert services.service("login") == second


# -- Races, on a database that judges them as AWS does --------------------------------------------


THREADS = 16


def at_once(calls: list[Callable[[], bool]]) -> list[bool]:
    """What each call says, all made at once; one that met another's transaction is made again."""

    def make(call: Callable[[], bool]) -> bool:
        for _ in range(200):
            try:
                return call()
            except Transient:
                continue
        raise AssertionError("never through")

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(make, calls))


@pytest.mark.conformance
@pytest.mark.parametrize("address", [ADDRESS_DIGEST, SUBJECT])
def test_guesses_at_once_never_pass_the_limit(local: Verifications, address: str) -> None:
    one = begun(local, address_digest=address)
    guesses = [partial(refuse, local, one) for _ in range(400)]
    assert sum(at_once([*guesses])) == one.max_checks
    assert stored(local, one).checks == one.max_checks
    assert failures(local, SUBJECT, address) == [one.max_checks, one.max_checks]


@pytest.mark.conformance
def test_of_right_answers_at_once_one_wins(local: Verifications) -> None:
    for number in range(20):
        one = begun(local, nonce=str(number), purpose=f"purpose_{number}")
        calls = [partial(local.approve, one, f"req_{n}", NOW, []) for n in range(THREADS)]
        assert sum(at_once([*calls])) == 1


@pytest.mark.conformance
def test_of_starts_at_once_one_begins(local: Verifications) -> None:
    seen = local.look([SUBJECT], SESSION)
    ids = [f"ver_{number:026}{SUBJECT}" for number in range(THREADS)]
    calls = [
        partial(
            local.begin,
            a_verification(verification_id=each),
            [],
            Session(0, 5, each),
            seen,
            [],
        )
        for each in ids
    ]
    assert sum(at_once([*calls])) == 1
    after_all = local.look([SUBJECT], SESSION)
    current = after_all.session.current
    assert after_all.verification(str(current)) is not None
