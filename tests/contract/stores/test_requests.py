"""`Requests`, the API's idempotency keys, on every engine."""

from dataclasses import replace
from typing import Any

import pytest

from rapport.idempotency.model import KEPT, Answer
from rapport.idempotency.ports import Requests
from tests.builders import a_request, after
from tests.contract.stores.engines import Dynamo, Engine

ANSWER = Answer(201, '{"message_id":"msg_1"}')
LATER: dict[str, Any] = {
    "seed_id": "req_2",
    "started_at": after(seconds=40),
    "claimed_until": after(seconds=70),
}


@pytest.fixture
def requests(engine: Engine) -> Requests:
    return engine.requests()


def test_a_new_request_is_claimed(requests: Requests) -> None:
    assert requests.claim(a_request()) is None


def test_a_repeated_request_gives_the_known_one(requests: Requests) -> None:
    requests.claim(a_request())
    assert requests.claim(a_request(**LATER, fingerprint="f2")) == a_request()


def test_another_key_is_another_request(requests: Requests) -> None:
    requests.claim(a_request())
    assert requests.claim(a_request("k2")) is None


def test_an_answer_is_kept_and_the_first_one_stays(requests: Requests) -> None:
    requests.claim(a_request())
    requests.complete(a_request(), ANSWER)
    requests.complete(a_request(), Answer(500, ""))
    assert requests.claim(a_request(**LATER)) == a_request(answer=ANSWER)


def test_an_empty_answer_is_an_answer(requests: Requests) -> None:
    requests.claim(a_request())
    requests.complete(a_request(), Answer(204, ""))
    assert requests.claim(a_request(**LATER)) == a_request(answer=Answer(204, ""))


def test_an_answer_of_another_attempts_seed_is_not_kept(requests: Requests) -> None:
    requests.claim(a_request())
    requests.complete(a_request(seed_id="req_other"), ANSWER)
    assert requests.claim(a_request(**LATER)) == a_request()


def test_an_answer_to_what_is_not_there_makes_nothing(requests: Requests) -> None:
    requests.complete(a_request(), ANSWER)
    assert requests.claim(a_request()) is None


def test_what_died_is_taken_over_by_one_with_its_seed(requests: Requests) -> None:
    requests.claim(a_request())
    assert requests.retake(a_request(), after(seconds=70))
    assert not requests.retake(a_request(), after(seconds=71))
    known = requests.claim(a_request(**LATER))
    assert known == a_request(claimed_until=after(seconds=70))


def test_what_was_answered_is_not_taken_over(requests: Requests) -> None:
    requests.claim(a_request())
    requests.complete(a_request(), ANSWER)
    assert not requests.retake(a_request(), after(seconds=70))


def test_what_is_not_there_is_not_taken_over(requests: Requests) -> None:
    assert not requests.retake(a_request(), after(seconds=70))


def test_a_claim_given_up_may_be_taken_at_once(requests: Requests) -> None:
    requests.claim(a_request())
    requests.release(a_request(), after(seconds=1))
    assert requests.claim(a_request(**LATER)) == a_request(claimed_until=after(seconds=1))


def test_a_claim_taken_over_is_not_given_up_by_who_had_it(requests: Requests) -> None:
    requests.claim(a_request())
    requests.retake(a_request(), after(seconds=70))
    requests.release(a_request(), after(seconds=1))
    assert requests.claim(a_request(**LATER)) == a_request(claimed_until=after(seconds=70))


def test_what_is_answered_stays_answered_when_the_claim_is_given_up(requests: Requests) -> None:
    requests.claim(a_request())
    requests.complete(a_request(), ANSWER)
    requests.release(a_request(), after(seconds=1))
    assert requests.claim(a_request(**LATER)) == a_request(answer=ANSWER)


def test_after_a_day_a_key_is_free_whether_swept_or_not(requests: Requests) -> None:
    requests.claim(a_request())
    requests.complete(a_request(), ANSWER)
    over = a_request().started_at + KEPT
    again = replace(a_request(seed_id="req_2"), started_at=over, claimed_until=over)
    assert requests.claim(again) is None
    assert requests.claim(again) == again


def test_a_request_is_swept_after_a_day(engine: Engine) -> None:
    if not isinstance(engine, Dynamo):
        pytest.skip("only DynamoDB sweeps")
    engine.requests().claim(a_request())
    (item,) = engine.items()
    assert int(item["expires_at"]["N"]) == int(a_request().expires_at.timestamp())
