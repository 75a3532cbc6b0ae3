"""Verifications over HTTP, from the request to the phone and back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rapport import wiring
from rapport.otp.model import AttemptStatus
from tests.builders import PHONE
from tests.functions.api.conftest import application, person
from tests.functions.otp.conftest import Desk
from tests.unit.notifications.fakes import busy
from tests.unit.otp.guard.guarding import a_guard
from tests.unit.otp.world import CUSTOMER, SESSION

BY_CUSTOMER = {"customer_id": CUSTOMER, "purpose": "identity", "session": SESSION}
BY_ADDRESS = {"address": PHONE, "purpose": "confirm_phone", "session": SESSION}


def started(desk: Desk, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = desk.call("POST", "/v1/verifications", body, **more)
    assert answer.status == 201, answer.text
    return dict(answer.json)


def sent_code(desk: Desk) -> str:
    """What is on the phone after every order was brought to its dispatch."""
    for verification_id, attempt in desk.world.orders():
        order = {"verification_id": verification_id, "attempt": attempt}
        assert desk.queue("dispatch_codes", order, order) == []
    return str(desk.world.phone[-1].extra["code"])


def checked(desk: Desk, one: dict[str, Any], code: str, session: str = SESSION) -> dict[str, Any]:
    body = {"code": code, "session": session}
    answer = desk.call("POST", f"/v1/verifications/{one['verification_id']}/check", body)
    assert answer.status == 200
    return dict(answer.json)


@pytest.mark.parametrize("body", [BY_CUSTOMER, BY_ADDRESS])
def test_a_code_is_asked_for_sent_and_checked_once(desk: Desk, body: dict[str, Any]) -> None:
    one = started(desk, body)
    assert one["status"] == "pending"
    code = sent_code(desk)
    right = checked(desk, one, code)
    assert (right["valid"], right["verification"]["status"]) == (True, "approved")
    assert checked(desk, one, code) == {"valid": False}
    shown = desk.call("GET", f"/v1/verifications/{one['verification_id']}").json
    assert shown == right["verification"]
    assert len(desk.world.phone) == 1


def test_the_approval_says_what_makes_the_code_prove_less(desk: Desk) -> None:
    desk.world.office = replace(desk.world.office, guard=a_guard())
    doubts = []
    for place in ({"latitude": 25.03, "longitude": 121.57}, {"latitude": 51.5, "longitude": -0.1}):
        one = started(desk, {**BY_CUSTOMER, "device": "browser-1", "place": place})
        doubts.append(checked(desk, one, sent_code(desk))["verification"].get("step_up"))
        desk.world.now(hours=1)
    assert doubts == [None, ["impossible_travel"]]


@pytest.mark.parametrize("place", [{"latitude": 91, "longitude": 0}, {"latitude": 1}, "Taipei"])
def test_a_place_that_is_none_is_refused_by_name(desk: Desk, place: object) -> None:
    answer = desk.call("POST", "/v1/verifications", {**BY_CUSTOMER, "place": place})
    assert answer.status == 400
    assert "place" in answer.text


def test_an_answer_never_holds_the_code_or_the_address(desk: Desk) -> None:
    answer = desk.call("POST", "/v1/verifications", BY_CUSTOMER)
    code = sent_code(desk)
    shown = desk.call("GET", f"/v1/verifications/{answer.json['verification_id']}")
    for text in (answer.text, shown.text):
        for stamp in (one for one in answer.json.values() if isinstance(one, str)):
            text = text.replace(stamp, "")  # noqa: PLW2901 - ids and times may hold any digits
        assert code not in text
        assert PHONE not in text


def test_a_canceled_code_is_refused_like_a_wrong_one(desk: Desk) -> None:
    one = started(desk, BY_CUSTOMER)
    code = sent_code(desk)
    path = f"/v1/verifications/{one['verification_id']}/cancel"
    assert desk.call("POST", path).json["status"] == "canceled"
    assert checked(desk, one, code) == {"valid": False}


@pytest.mark.parametrize("unknown", ["ver_1", f"ver_{'0' * 42}", "..%2F..", "%00"])
def test_an_unknown_verification_is_not_found_and_its_check_a_plain_no(
    desk: Desk, unknown: str
) -> None:
    assert desk.call("GET", f"/v1/verifications/{unknown}").status == 404
    assert desk.call("POST", f"/v1/verifications/{unknown}/cancel").status == 404
    answer = desk.call(
        "POST", f"/v1/verifications/{unknown}/check", {"code": "123456", "session": "s"}
    )
    assert answer.status == (404 if unknown == "%00" else 200)


def test_a_repeated_request_with_its_key_gets_its_first_answer(desk: Desk) -> None:
    answers = [
        desk.call("POST", "/v1/verifications", BY_CUSTOMER, idempotency_key="k") for _ in "ab"
    ]
    assert answers[0].text == answers[1].text
    assert len(desk.world.orders()) == 1
    one = answers[0].json
    code = sent_code(desk)
    path, body = f"/v1/verifications/{one['verification_id']}/check", None
    body = {"code": code, "session": SESSION}
    again = [desk.call("POST", path, body, idempotency_key="c").json["valid"] for _ in "ab"]
    assert again == [True, True]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        (application("verifications.write"), 201),
        (application("customers.write"), 403),
        (application(), 403),
        (person("agent"), 201),
        (person(), 403),
    ],
)
def test_who_may_start(desk: Desk, claims: dict[str, Any], status: int) -> None:
    assert desk.call("POST", "/v1/verifications", BY_CUSTOMER, claims=claims).status == status


def test_staff_may_not_name_the_address_a_code_goes_to(desk: Desk) -> None:
    answer = desk.call("POST", "/v1/verifications", BY_ADDRESS, claims=person("admin"))
    assert answer.status == 403
    assert desk.world.orders() == []


def test_a_withheld_code_is_a_403_that_says_no_more(desk: Desk) -> None:
    desk.world.guard.refuse("range_blocked")
    answer = desk.call("POST", "/v1/verifications", BY_ADDRESS)
    assert (answer.status, answer.json["type"]) == (403, "urn:rapport:problem:code_withheld")
    assert "range_blocked" not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"session": None},
        {"session": ""},
        {"purpose": "No Such"},
        {"channel": "fax"},
        {"locale": "x"},
        {"customer_id": None},
        {"surprise": 1},
    ],
)
def test_what_is_malformed_is_a_400(desk: Desk, change: dict[str, Any]) -> None:
    body = {name: value for name, value in (BY_CUSTOMER | change).items() if value is not None}
    assert desk.call("POST", "/v1/verifications", body).status == 400


def test_services_are_an_administrators(desk: Desk) -> None:
    body = {
        "version": 0,
        "document": {
            "routes": [{"channel": "sms", "provider": "twilio"}],
            "purposes": {"sign_in": {}},
        },
    }
    path = "/v1/verification-services/login"
    assert desk.call("PUT", path, body, claims=person("agent")).status == 403
    assert desk.call("PUT", path, body, claims=person("admin")).json["version"] == 1
    assert desk.call("GET", path, claims=person("admin")).json["document"] == body["document"]
    assert desk.call("PUT", path, body, claims=person("admin")).status == 409


def test_an_order_comes_again_when_the_provider_asks_to_wait(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, timedelta]] = []

    class Postponing:
        def postpone(self, handle: str, delay: timedelta) -> None:
            asked.append((handle, delay))

    monkeypatch.setattr(wiring, "queue_by_arn", lambda _arn: Postponing())
    desk.world.sender.answers = [busy(timedelta(seconds=5))]
    one = started(desk, BY_CUSTOMER)
    order = {"verification_id": one["verification_id"], "attempt": 1}
    assert desk.queue("dispatch_codes", order) == ["0"]
    assert asked == [("handle-0", timedelta(seconds=5))]


def test_a_malformed_order_comes_again_until_it_is_a_dead_letter(desk: Desk) -> None:
    assert desk.queue("dispatch_codes", {"attempt": 1}) == ["0"]


def test_an_unanswered_code_is_followed_on_the_next_route(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = started(desk, BY_CUSTOMER)
    sent_code(desk)
    fact = next(e for e in desk.world.store.events if e.detail_type == "CodeSent.v1")  # type: ignore[attr-defined]
    detail = fact.model_dump(mode="json", exclude={"detail_type"})
    delivered = {"detail-type": fact.detail_type, "detail": detail}
    asked: list[timedelta] = []

    class Postponing:
        def postpone(self, handle: str, delay: timedelta) -> None:
            asked.append(delay)

    monkeypatch.setattr(wiring, "queue_by_arn", lambda _arn: Postponing())
    assert desk.queue("follow_codes", delivered) == ["0"]
    assert asked == [timedelta(seconds=90)]
    desk.world.now(seconds=90)
    assert desk.queue("follow_codes", delivered, delivered) == []
    known = desk.world.store.get(one["verification_id"])
    assert known is not None
    assert [each.status for each in known.attempts] == [AttemptStatus.SENT, AttemptStatus.ORDERED]
