"""One-time codes on the whole stack: sent to the address on record, answered in any chat."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from local import demo
from local.api import Api
from local.console import LocalStackError
from local.context import StackContext
from local.demo import Officer, code_for, eventually, text_of
from tests.stories.chats import Known, administrator, chat, opens, register

pytestmark = pytest.mark.stack

COVERED = "••••••"
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


@pytest.fixture
def admin(stack: StackContext) -> Api:
    return administrator(stack)


@pytest.fixture
def jane(admin: Api) -> Known:
    return register(admin)


def service(admin: Api, **document: Any) -> str:
    """A service of its own for a test; its name."""
    name = f"s{uuid.uuid4().hex[:12]}"
    body = {"document": {"purposes": {"identity": {}}, **document}, "version": 0}
    admin.put(f"/v1/verification-services/{name}", body)
    return name


def routes(provider: str, *channels: str) -> list[dict[str, str]]:
    return [{"channel": channel, "provider": provider} for channel in channels]


def arrived(providers: Api, begun: dict[str, Any], channel: str) -> dict[str, Any]:
    """The code of a verification on one channel, as soon as it is there."""

    def look() -> dict[str, Any] | None:
        found = providers.get("/codes", channel=channel)["codes"]
        wanted = begun["verification_id"]
        return next((one for one in found if one["verification_id"] == wanted), None)

    return eventually(f"the code by {channel}", look)


def spelled(spelling: str, code: str) -> str:
    if spelling == "full width":
        return f"驗證碼是{code.translate(FULL_WIDTH)}"
    return f"{code[:3]} {code[3:]}" if spelling == "two groups" else f"it's {code}"


def is_untold(code: str, *told: object) -> bool:
    """Whether nothing of `told` holds the code, however it is spelled."""
    text = json.dumps(told, ensure_ascii=False, default=str)
    return not any(
        one in text for one in (code, code.translate(FULL_WIDTH), f"{code[:3]} {code[3:]}")
    )


def one_person(officer: Officer, customer_id: str, record_id: str, stranger: str) -> dict[str, Any]:
    """The customer, as soon as the chat's record is theirs, and whom it was before is they."""

    def look() -> dict[str, Any] | None:
        customer = officer.api.get(f"/v1/customers/{customer_id}")
        before = officer.api.get(f"/v1/customers/{stranger}")["customer_id"]
        has_it = record_id in {one["record_id"] for one in customer["records"]}
        return customer if has_it and before == customer["customer_id"] else None

    return eventually("the chat to be the customer's", look)


def texts(officer: Officer, customer_id: str) -> list[str]:
    """What a customer's timeline tells, from the first message on."""
    timeline = officer.api.get(f"/v1/customers/{customer_id}/timeline")
    return [text_of(one["message"]) for one in reversed(timeline["items"])]


@pytest.mark.parametrize(
    ("channel", "spelling"),
    [("messenger", "a sentence"), ("whatsapp", "full width"), ("webchat", "two groups")],
)
def test_story_s2_a_code_typed_into_a_chat_makes_its_sender_the_verified_customer(
    stack: StackContext, officer: Officer, jane: Known, channel: str, spelling: str
) -> None:
    with chat(stack, channel) as visitor:
        seen, record_id = opens(officer, visitor)
        assert seen.customer_id != jane.customer_id

        begun = officer.verifies(jane.customer_id, session=record_id)
        sent = code_for(stack, begun)
        assert (sent["channel"], sent["to"]) == ("sms", jane.phone), "to the phone on record"
        typed = spelled(spelling, sent["code"])
        visitor.says(typed)
        covered = "".join("•" if letter.isdigit() else letter for letter in typed)
        after = officer.sees(covered)
        approved = officer.hears(begun, "approved")
        assert approved["customer_id"] == jane.customer_id

        customer = one_person(officer, jane.customer_id, record_id, seen.customer_id)
        conversation = officer.api.get(f"/v1/conversations/{after.conversation_id}/messages")
        assert covered in [text_of(one) for one in conversation["items"]]
        frames = officer.screen.frames()
        assert is_untold(sent["code"], begun, approved, customer, conversation, frames)

        visitor.says("So, may I have the card?")
        then = officer.sees("So, may I have the card?")
        whose = officer.api.get(f"/v1/customers/{then.customer_id}")["customer_id"]
        assert whose == jane.customer_id, "from now on it is they who write"
        story = [covered, "So, may I have the card?"]
        eventually("one story", lambda: texts(officer, jane.customer_id)[1:] == story)
        assert texts(officer, jane.customer_id)[0].startswith("Hello"), "from the beginning"


@pytest.mark.parametrize("known_by", ["line", "telegram", "messenger"])
def test_a_code_goes_to_the_chat_somebody_is_known_by_and_is_answered_in_another(
    stack: StackContext, officer: Officer, admin: Api, providers: Api, known_by: str
) -> None:
    name = service(admin, routes=routes(known_by, known_by))
    with chat(stack, known_by) as before, chat(stack, "webchat") as visitor:
        customer_id = opens(officer, before)[0].customer_id
        seen, record_id = opens(officer, visitor)
        earlier = {one["sequence"] for one in providers.get("/codes", channel=known_by)["codes"]}
        begun = officer.verifies(customer_id, session=record_id, service=name)
        assert begun["channel"] == known_by

        def look() -> str | None:
            found = providers.get("/codes", channel=known_by)["codes"]
            return next((one["code"] for one in found if one["sequence"] not in earlier), None)

        visitor.says(eventually("the code", look))
        officer.hears(begun, "approved")
        one_person(officer, customer_id, record_id, seen.customer_id)


def test_a_nickname_on_whatsapp_does_not_undo_what_the_code_proved(
    stack: StackContext, officer: Officer, jane: Known
) -> None:
    with chat(stack, "whatsapp", name="Peter Smith") as visitor:
        _, record_id = opens(officer, visitor)
        begun = officer.verifies(jane.customer_id, session=record_id)
        visitor.says(code_for(stack, begun)["code"])
        officer.hears(begun, "approved")
        visitor.says("So, may I have the card?")
        then = officer.sees("So, may I have the card?")
        whose = officer.api.get(f"/v1/customers/{then.customer_id}")["customer_id"]
        assert whose == jane.customer_id


def test_story_s2_as_the_demo_tells_it(stack: StackContext, officer: Officer) -> None:
    chat_of_jane, jane = demo.jane_asks(stack, officer)
    record_id, stranger = officer.record_of(chat_of_jane)["record_id"], chat_of_jane.customer_id
    demo.jane_proves(stack, officer, chat_of_jane, jane)
    customer = one_person(officer, jane.customer_id, record_id, stranger)
    assert {"crm", "whatsapp", "sms", "messenger"} <= {
        one["channel"] for one in customer["records"]
    }
    assert customer["name"] == "Jane Wong"


def test_story_s3_a_code_opens_the_customer_to_her_manager_in_the_web_chat(
    stack: StackContext, officer: Officer, jane: Known
) -> None:
    with chat(stack, "webchat") as visitor:
        seen, record_id = opens(officer, visitor)
        stranger = officer.api.get(f"/v1/customers/{seen.customer_id}")
        assert stranger.get("name") is None

        begun = officer.verifies(jane.customer_id, session=record_id)
        visitor.says(code_for(stack, begun)["code"])
        officer.hears(begun, "approved")
        one_person(officer, jane.customer_id, record_id, seen.customer_id)
        visitor.says("My upgrade, please.")
        officer.sees("My upgrade, please.")

        customer = officer.api.get(f"/v1/customers/{jane.customer_id}")
        assert customer["name"] == jane.name
        assert customer["disclosure"]["sender"] == "verified"
        numbers = {one["value"] for one in customer["identifiers"] if one["namespace"] == "phone"}
        assert numbers == {jane.phone}, "shown in full, for it is proven"


def test_wrong_codes_are_covered_and_counted_and_the_right_one_still_counts(
    stack: StackContext, officer: Officer, jane: Known
) -> None:
    with chat(stack, "messenger") as visitor:
        _, record_id = opens(officer, visitor)
        begun = officer.verifies(jane.customer_id, session=record_id)
        code = code_for(stack, begun)["code"]
        for number in (1, 2):
            wrong = f"{(int(code) + number) % 10**6:06d}"
            visitor.says(f"{wrong} is it{'?' * number}")
            officer.sees(f"{COVERED} is it{'?' * number}")
            told = officer.api.get(f"/v1/verifications/{begun['verification_id']}")
            assert told["status"] == "pending"
            assert is_untold(wrong, officer.screen.frames())
        visitor.says(f"sorry, {code}")
        officer.sees(f"sorry, {COVERED}")
        assert officer.hears(begun, "approved")["customer_id"] == jane.customer_id


def test_after_five_wrong_codes_the_right_one_is_worthless(
    stack: StackContext, officer: Officer, jane: Known
) -> None:
    with chat(stack, "messenger") as visitor:
        seen, record_id = opens(officer, visitor)
        begun = officer.verifies(jane.customer_id, session=record_id)
        code = code_for(stack, begun)["code"]
        for number in range(1, 6):
            visitor.says(f"{(int(code) + number) % 10**6:06d}")
        officer.hears(begun, "max_attempts")
        visitor.says(f"then {code}")
        officer.sees(f"then {COVERED}")
        assert "customer_id" not in officer.hears(begun, "max_attempts")
        customer = officer.api.get(f"/v1/customers/{jane.customer_id}")
        assert record_id not in {one["record_id"] for one in customer["records"]}
        assert seen.customer_id != jane.customer_id


def test_nobody_to_send_to_looks_like_anybody_else_and_nothing_is_sent(
    stack: StackContext, officer: Officer, providers: Api
) -> None:
    with chat(stack, "messenger") as visitor:
        seen, record_id = opens(officer, visitor)
        begun = officer.verifies(seen.customer_id, session=record_id)
        assert (begun["status"], begun["sends"], begun["channel"]) == ("pending", 1, "sms")
        visitor.says("123456 is it")
        officer.sees(f"{COVERED} is it")
        told = officer.api.get(f"/v1/verifications/{begun['verification_id']}")
        assert told["status"] == "pending"
        sent = providers.get("/codes")["codes"]
        assert begun["verification_id"] not in {one["verification_id"] for one in sent}


def test_an_unanswered_text_message_is_followed_by_a_call_with_the_same_code(
    stack: StackContext, officer: Officer, providers: Api, admin: Api, jane: Known
) -> None:
    name = service(admin, routes=routes("twilio", "sms", "voice"), fallback_after="PT20S")
    with chat(stack, "messenger") as visitor:
        _, record_id = opens(officer, visitor)
        begun = officer.verifies(jane.customer_id, session=record_id, service=name)
        written = arrived(providers, begun, "sms")

        def rings() -> bool:
            return bool(providers.get("/codes", to=jane.phone, channel="voice")["codes"])

        for _ in range(3):  # each waits for 20 seconds at most
            if _soon(rings):
                break
        spoken = arrived(providers, begun, "voice")
        assert spoken["code"] == written["code"], "there is never a second code"
        visitor.says(spoken["code"])
        approved = officer.hears(begun, "approved")
        assert approved["sends"] == 1, "nobody asked for the call"


def _soon(look: Callable[[], bool]) -> bool:
    try:
        return bool(eventually("the telephone to ring", look))
    except LocalStackError:
        return False


def test_a_number_that_takes_no_text_messages_is_called_at_once(
    stack: StackContext, officer: Officer, providers: Api, jane: Known
) -> None:
    refused = {"kind": "error_body", "code": 21614, "status": 400}
    match = {"path": "/Messages.json", "to": jane.phone}
    providers.post("/faults", {**refused, "match": match})
    with chat(stack, "messenger") as visitor:
        _, record_id = opens(officer, visitor)
        begun = officer.verifies(jane.customer_id, session=record_id)
        visitor.says(arrived(providers, begun, "voice")["code"])
        officer.hears(begun, "approved")


def test_a_text_that_aws_reports_as_blocked_is_followed_by_a_call_at_once(
    stack: StackContext, officer: Officer, providers: Api, admin: Api, jane: Known
) -> None:
    name = service(admin, routes=routes("aws_messaging", "sms", "voice"))
    providers.post("/settings", {"failures": {jane.phone: "CARRIER_BLOCKED"}})
    with chat(stack, "messenger") as visitor:
        _, record_id = opens(officer, visitor)
        begun = officer.verifies(jane.customer_id, session=record_id, service=name)

        def calls() -> list[str]:
            sent = [one for one in providers.get("/requests")["requests"] if one["body"]]
            mine = [one for one in sent if jane.phone in one["body"]]
            return [one["headers"]["x-amz-target"].partition(".")[2] for one in mine]

        eventually("the call", lambda: calls() == ["SendTextMessage", "SendVoiceMessage"])
        assert officer.hears(begun, "pending")["sends"] == 1, "nobody asked for the call"


@pytest.mark.parametrize(
    ("provider", "channel", "more"),
    [
        ("twilio", "voice", {}),
        ("aws_messaging", "sms", {}),
        ("aws_messaging", "voice", {}),
        ("whatsapp", "whatsapp", {"template": "verification_code"}),
    ],
)
def test_a_code_travels_by_every_provider(
    stack: StackContext,
    officer: Officer,
    providers: Api,
    admin: Api,
    jane: Known,
    provider: str,
    channel: str,
    more: dict[str, str],
) -> None:
    route = {"channel": channel, "provider": provider, **more}
    name = service(admin, routes=[route])
    with chat(stack, "messenger") as visitor:
        _, record_id = opens(officer, visitor)
        begun = officer.verifies(jane.customer_id, session=record_id, service=name)
        sent = arrived(providers, begun, channel)
        assert sent["to"].lstrip("+") == jane.phone.lstrip("+")
        visitor.says(sent["code"])
        officer.hears(begun, "approved")


def test_a_code_by_mail_confirms_the_mail_address_alone(
    stack: StackContext, officer: Officer, providers: Api, jane: Known
) -> None:
    with chat(stack, "messenger") as visitor:
        _, record_id = opens(officer, visitor)
        asked = {"purpose": "confirm_email", "channel": "email"}
        begun = officer.verifies(jane.customer_id, session=record_id, **asked)
        sent = arrived(providers, begun, "email")
        assert sent["to"] == jane.email
        visitor.says(sent["code"])
        assert officer.hears(begun, "approved")["purpose"] == "confirm_email"
    refused = {"customer_id": jane.customer_id, "purpose": "identity", "channel": "email"}
    answer = officer.api.call("POST", "/v1/verifications", {**refused, "session": record_id})
    assert answer.status == 400


def test_a_code_from_another_chat_is_of_no_use(
    stack: StackContext, officer: Officer, jane: Known
) -> None:
    with chat(stack, "messenger") as visitor, chat(stack, "webchat") as thief:
        _, record_id = opens(officer, visitor)
        _, elsewhere = opens(officer, thief)
        begun = officer.verifies(jane.customer_id, session=record_id)
        code = code_for(stack, begun)["code"]
        thief.says(f"{code} is mine")
        officer.sees(f"{code} is mine")  # nobody waits for a code there: it is a number like others
        told = officer.api.get(f"/v1/verifications/{begun['verification_id']}")
        assert told["status"] == "pending"
        customer = officer.api.get(f"/v1/customers/{jane.customer_id}")
        assert elsewhere not in {one["record_id"] for one in customer["records"]}
        visitor.says(code)
        officer.hears(begun, "approved")
