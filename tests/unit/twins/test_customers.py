"""What customers do at the twins reaches our own adapters, authentic and whole."""

import base64
from dataclasses import replace
from typing import Any

import pytest

from local.twins.customer import Action, UnknownAccount
from local.twins.twins import TwinHttp
from rapport.channels import media
from rapport.contracts.inbound import Kind
from tests.unit.twins.accounts import NOW, account, received, said, twins

PEOPLE = {
    "whatsapp": "4915112345678",
    "messenger": "P1",
    "line": "U1",
    "telegram": "42",
    "twilio": "+4915112345678",
    "ses": "jane@example.com",
    "aws_messaging": "+4915112345678",
}
BOTH_TWILIOS = [("twilio", "+4915112345678"), ("twilio", "whatsapp:+4915112345678")]
EVERYONE = [*PEOPLE.items(), BOTH_TWILIOS[1]]


@pytest.mark.parametrize(("channel", "sender"), EVERYONE)
@pytest.mark.parametrize("text", ["Hi", "Größe 42? 😀 </script>\\u00e4 & + %2B", "一二三\n四"])
def test_a_text_arrives_as_it_was_written(channel: str, sender: str, text: str) -> None:
    made = twins()
    webhook, message_id = made.customer(Action(channel, sender, text=text, name="Jane"))
    found = received(made, webhook)
    assert (found.valid, found.reason) == (True, None)
    event = found.events[0]
    assert event.kind is Kind.MESSAGE
    assert event.from_ == sender
    assert (event.text or "").strip() == text
    assert event.provider_message_id == message_id
    assert event.timestamp in (NOW, None)  # Twilio says no time


@pytest.mark.parametrize(("channel", "sender"), EVERYONE)
def test_one_changed_byte_is_noticed(channel: str, sender: str) -> None:
    made = twins()
    webhook, _ = made.customer(Action(channel, sender, text="one hundred"))
    if channel == "telegram":
        headers = [(name, f"{value}x") for name, value in webhook.headers]
        changed = replace(webhook, headers=tuple(headers))
    elif channel == "ses":
        changed = replace(webhook, body=webhook.body.replace(b"Received", b"Deceived"))
    else:
        changed = replace(webhook, body=webhook.body.replace(b"hundred", b"million"))
    assert not received(made, changed).valid


@pytest.mark.parametrize(
    ("channel", "sender"), [pair for pair in EVERYONE if pair[0] not in ("ses", "aws_messaging")]
)
def test_a_pressed_button_brings_its_payload(channel: str, sender: str) -> None:
    made = twins()
    event = said(made, channel, sender, postback="yes:7", text="Yes").events[0]
    assert event.kind in (Kind.POSTBACK, Kind.MESSAGE)
    assert "yes:7" in (event.payload, event.text)


@pytest.mark.parametrize(("channel", "sender"), list(PEOPLE.items())[:5])
def test_a_picture_can_be_fetched_from_its_provider(channel: str, sender: str) -> None:
    made = twins()
    event = said(made, channel, sender, media={"media_type": "image"}, text="look").events[0]
    assert len(event.attachments) == 1
    found = media.fetch(event.attachments[0], event.channel, account(channel), TwinHttp(made))
    assert found.content_type == "image/png"
    assert found.content.startswith(b"\x89PNG")


def test_an_email_carries_threading_verdict_and_attachment() -> None:
    made = twins()
    content = base64.b64encode(b"%PDF-1.7").decode()
    extra = {"subject": "Größe", "in_reply_to": "<a@shop.example>", "dmarc": "FAIL"}
    event = said(
        made,
        "email",
        "jane@example.com",
        text="See it",
        extra=extra,
        media={"content_type": "application/pdf", "filename": "a.pdf", "content": content},
    ).events[0]
    assert event.extra["subject"] == "Größe"
    assert event.extra["in_reply_to"] == "<a@shop.example>"
    assert event.extra["dmarc"] == "FAIL"
    assert event.sender_ids == {}
    assert [item.filename for item in event.attachments] == ["a.pdf"]


def test_replies_and_advertisements_are_told() -> None:
    made = twins()
    referral: dict[str, Any] = {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "6045"}
    event = said(made, "messenger", "P1", text="Hi", referral=referral, reply_to="m_0").events[0]
    assert event.reply_to == "m_0"
    text = said(made, "aws_messaging", "+4915112345678", text="Yes", reply_to="out-1").events[0]
    assert (text.reply_to, text.to) == ("out-1", "+15005550009")
    assert "6045" in str(event.extra)
    ad = {"source_url": "https://fb.me/x", "ctwa_clid": "clid"}
    event = said(made, "whatsapp", "491511", text="Hi", referral=ad).events[0]
    assert "clid" in str(event.extra)


@pytest.mark.parametrize(("channel", "sender"), [("line", "U1"), ("telegram", "42")])
def test_who_leaves_and_returns_is_told(channel: str, sender: str) -> None:
    made = twins()
    for membership in ("unfollow", "follow"):
        event = said(made, channel, sender, membership=membership).events[0]
        assert event.kind is Kind.MEMBERSHIP
        assert event.from_ == sender


@pytest.mark.parametrize(("channel", "topic"), [("ses", "mail"), ("aws_messaging", "messaging")])
def test_a_subscription_is_confirmed_by_visiting_its_address(channel: str, topic: str) -> None:
    made = twins()
    found = received(made, made.confirmation(channel=channel))
    assert found.valid
    assert found.visit is not None
    assert TwinHttp(made).send("GET", found.visit, {}, b"").status == 200
    assert made.state.confirmed_topics == {f"arn:aws:sns:eu-west-1:111122223333:{topic}"}


def test_a_certificate_of_another_authority_is_not_trusted() -> None:
    made, other = twins(), twins()
    other._given_authority = None  # makes keys of its own
    webhook, _ = other.customer(Action("ses", "jane@example.com", text="Hi"))
    assert not received(made, webhook).valid


def test_an_account_that_nobody_registered_is_named() -> None:
    with pytest.raises(UnknownAccount, match="line/other"):
        twins().customer(Action("line", "U1", account="other"))
