"""Visitors are known by our token and by nothing else."""

from datetime import timedelta
from typing import Any

import jwt
import pytest

from rapport.channels.base import Account, Context
from rapport.channels.sender import OutboundMessage, Outcome
from rapport.channels.webchat.inbound import Adapter
from rapport.channels.webchat.outbound import Outbound
from rapport.contracts.content import MediaContent, TemplateContent, TextContent
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import (
    Forbidden,
    InvalidInput,
    Misconfigured,
    NotFound,
    Unauthenticated,
)
from rapport.webchat.model import Session, parse_origin, website
from rapport.webchat.service import open_session, socket_token, visitor_of
from tests.builders import NOW, CountedIds, a_webhook

KEY, OTHER_KEY = "k" * 32, "o" * 32
SITE = "https://shop.example.com"
DOCUMENT: dict[str, Any] = {"token_key": KEY, "allowed_origins": [SITE]}


class Accounts:
    """Accounts in a dictionary; `fresh` comes with a refresh, as after a rotation."""

    def __init__(self, **documents: dict[str, Any]) -> None:
        self.documents = documents
        self.fresh: dict[str, dict[str, Any]] = {}

    def get(self, channel: str, name: str) -> Account:
        if channel != "webchat" or name not in self.documents:
            raise NotFound("none")
        return Account(channel, name, self.documents[name])

    def refresh(self, channel: str, name: str) -> bool:
        del channel
        self.documents.update(self.fresh)
        return bool(self.fresh)


class Setup:
    def __init__(self, **changes: Any) -> None:
        self.accounts = Accounts(main=DOCUMENT | changes, other=DOCUMENT)
        self.clock = FixedClock(NOW)
        self.ids = CountedIds()

    def open(self, account: str = "main", origin: str | None = SITE, **given: Any) -> Session:
        wanted = {"anonymous_id": None, "token": None} | given
        return open_session(
            account, origin, **wanted, accounts=self.accounts, ids=self.ids, clock=self.clock
        )

    def who(self, token: str) -> str:
        return visitor_of(token, accounts=self.accounts, clock=self.clock).visitor_id


def test_a_session_is_one_hour_of_a_new_visitor() -> None:
    setup = Setup()
    session = setup.open()
    assert session.expires_at == NOW + timedelta(hours=1)
    assert setup.who(session.token) == session.visitor.visitor_id
    assert setup.open().visitor.visitor_id != session.visitor.visitor_id


def test_the_channels_adapter_takes_the_token() -> None:
    session = Setup().open(anonymous_id="a-1")
    request = a_webhook(
        b'{"message_id":"m1","text":"hi"}',
        headers=(("Authorization", f"Bearer {session.token}"),),
        received_at=NOW,
    )
    context = Context(Account("webchat", "main", DOCUMENT), lambda _url: b"")
    (event,) = Adapter().receive(request, context).events
    assert event.from_ == session.visitor.visitor_id
    assert event.sender_ids == {"anonymous_id": "a-1"}


@pytest.mark.parametrize("passed", [timedelta(minutes=5), timedelta(days=30)])
def test_with_a_token_the_same_visitor_comes_back(passed: timedelta) -> None:
    setup = Setup()
    first = setup.open(anonymous_id="a-1")
    setup.clock.advance(passed)
    again = setup.open(token=first.token)
    assert again.visitor == first.visitor


def test_after_thirty_days_a_token_brings_nobody_back() -> None:
    setup = Setup()
    first = setup.open()
    setup.clock.advance(timedelta(days=30, hours=1))
    assert setup.open(token=first.token).visitor.visitor_id != first.visitor.visitor_id


def test_an_anonymous_id_alone_brings_nobody_back() -> None:
    setup = Setup()
    first = setup.open(anonymous_id="a-1")
    second = setup.open(anonymous_id="a-1")
    assert second.visitor.visitor_id != first.visitor.visitor_id


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "ﬁ.ﬁ.ﬁ", "e30.e30.", "." * 4096])
def test_a_token_that_is_none_opens_a_new_session_and_nothing_else(token: str) -> None:
    setup = Setup()
    assert setup.open(token=token).visitor.visitor_id.startswith("vis_")
    with pytest.raises(Unauthenticated):
        setup.who(token)


def forged(**changes: Any) -> str:
    at = int(NOW.timestamp())
    claims: dict[str, Any] = {
        "sub": "vis_1",
        "acc": "main",
        "aud": "webchat",
        "iat": at,
        "exp": at + 60,
    } | changes
    key = claims.pop("key", KEY)
    return jwt.encode(claims, key, algorithm=claims.pop("alg", "HS256"))


@pytest.mark.parametrize(
    "changes",
    [
        {"key": OTHER_KEY},
        {"acc": "other"} | {"key": OTHER_KEY},
        {"acc": "unknown"},
        {"acc": "../main"},
        {"acc": 7},
        {"aud": "console"},
        {"sub": "agt_1"},
        {"sub": "vis_1\n"},
        {"exp": int(NOW.timestamp())},
        {"exp": True},
        {"iat": int(NOW.timestamp()) + 61},
        {"alg": "HS512"},
        {"alg": "none", "key": None},
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_token_for_something_else_is_refused(changes: dict[str, Any]) -> None:
    setup = Setup()
    with pytest.raises(Unauthenticated):
        setup.who(forged(**changes))


def test_a_visitor_of_one_account_is_none_of_another_with_the_same_key() -> None:
    setup = Setup()
    session = setup.open("other")
    assert setup.open("main", token=session.token).visitor.visitor_id != (
        session.visitor.visitor_id
    )


def test_a_rotated_key_is_read_anew_and_the_old_one_holds_meanwhile() -> None:
    setup = Setup()
    session = setup.open()
    setup.accounts.documents["main"] = DOCUMENT | {"token_key": [OTHER_KEY, KEY]}
    assert setup.who(session.token) == session.visitor.visitor_id
    setup.accounts.documents["main"] = DOCUMENT
    setup.accounts.fresh = {"main": DOCUMENT | {"token_key": OTHER_KEY}}
    assert setup.who(forged(key=OTHER_KEY)) == "vis_1"


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://shop.example.com",
        "https://shop.example.com:8443",
        "https://shop.example.com.evil.example",
        "https://evil.example/https://shop.example.com",
        "https://user@shop.example.com",
        "https://shop.example.com/path",
        "https://sub.shop.example.com",
        " https://shop.example.com",
        "https://[",
        "https://shop.example.com:x",
    ],
)
def test_another_origin_opens_no_session(origin: str | None) -> None:
    with pytest.raises(Forbidden):
        Setup().open(origin=origin)


@pytest.mark.parametrize(
    "origin", [SITE, "https://shop.example.com:443", "https://Shop.Example.com"]
)
def test_the_same_origin_is_the_same_however_spelled(origin: str) -> None:
    assert Setup().open(origin=origin)


def test_any_origin_may_be_allowed_and_none_too() -> None:
    assert Setup(allowed_origins=["*"]).open(origin=None)
    for nothing in ([], None, "https://shop.example.com", [7]):
        with pytest.raises(Forbidden):
            Setup(allowed_origins=nothing).open()


def test_an_unknown_account_is_told_what_a_foreign_origin_is_told() -> None:
    messages = []
    for account, origin in (("unknown", SITE), ("main", "https://evil.example"), ("a/b", SITE)):
        with pytest.raises(Forbidden) as caught:
            Setup().open(account, origin)
        messages.append(caught.value.message)
    assert len(set(messages)) == 1


@pytest.mark.parametrize("anonymous_id", ["", "a b", "x" * 129, "é", "a\n"])
def test_an_anonymous_id_is_plain(anonymous_id: str) -> None:
    with pytest.raises(InvalidInput):
        Setup().open(anonymous_id=anonymous_id)


def test_a_short_key_signs_nothing() -> None:
    for key in ("short", "", None):
        with pytest.raises(Misconfigured):
            Setup(token_key=key).open()


def test_settings_that_are_not_as_documented_count_as_absent() -> None:
    odd = website({"token_ttl_s": "7", "return_days": True, "allowed_origins": "x"})
    assert odd == website({})
    assert website({"token_ttl_s": 10**5}).token_ttl == timedelta(days=1)
    assert website({"token_ttl_s": 60, "return_days": 0}).returns_within == timedelta(0)


def test_an_origin_has_its_default_port() -> None:
    assert parse_origin("http://localhost") == ("http", "localhost", 80)
    assert parse_origin("http://localhost:5173") == ("http", "localhost", 5173)
    assert parse_origin("ftp://localhost") is None


def test_a_token_for_a_socket_lives_a_minute() -> None:
    setup = Setup()
    session = setup.open()
    token = socket_token(session.visitor, accounts=setup.accounts, clock=setup.clock)
    assert setup.who(token) == session.visitor.visitor_id
    setup.clock.advance(timedelta(minutes=1))
    with pytest.raises(Unauthenticated):
        setup.who(token)


def outbound(content: Any) -> OutboundMessage:
    return OutboundMessage("msg_1", "rec_1.msg_1", "webchat", "vis_1", content)


def test_an_answer_is_sent_at_once_under_our_own_id_and_again_is_the_same() -> None:
    sender = Outbound()
    account = Account("webchat", "main", {})
    assert sender.idempotent
    for _ in range(2):
        result = sender.send(outbound(TextContent(text="Hi")), account, None, NOW)  # type: ignore[arg-type]
        assert (result.outcome, result.provider_message_id) == (Outcome.SENT, "msg_1")


@pytest.mark.parametrize(
    "content",
    [
        TextContent(text="x" * 4097),
        TemplateContent(name="t", language="en"),
        MediaContent(media_type="image", url="http://cdn.example.com/a.png"),
    ],
)
def test_what_web_chat_does_not_carry_is_refused(content: Any) -> None:
    account = Account("webchat", "main", {})
    result = Outbound().send(outbound(content), account, None, NOW)  # type: ignore[arg-type]
    assert result.outcome is Outcome.FAILED
    assert result.error is not None
