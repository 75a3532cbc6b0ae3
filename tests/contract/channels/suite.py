"""What every webhook adapter must withstand, inherited by one small class a channel.

The numbers in brackets are those of the catalogue of things that go wrong: bad input [50-65] and
attacks [66-72]. A channel's class says how its provider signs and what a sample looks like.
"""

import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport.channels import registry
from rapport.channels.base import Account, Context, InboundAdapter, Received, Request
from rapport.contracts.inbound import InboundEvent, Kind
from rapport.kernel import json as strict_json

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
FUZZ = settings(
    max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
ODD_TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        ["", "nan", "-1", "1e999", "9" * 40, "\u202egnp", "\ufffe\uffff", "x" * 10_000]
    ),
)
ANY_JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**38), 10**38),
        st.floats(allow_nan=False, allow_infinity=False),
        ODD_TEXT,
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)


class WebhookContract:
    """Inherit, fill in the hooks, and every test below runs for that channel."""

    channel: ClassVar[str]
    document: ClassVar[dict[str, Any]]
    url: ClassVar[str] = "https://hooks.example.org/webhooks/x/main"
    secret_key: ClassVar[str]  # the document's key of the secret that verifies
    signature_header: ClassVar[str | None]  # None: the signature is in the body
    foreign: ClassVar[dict[str, Any]] = {}  # document of another account with the same secret
    signs_body: ClassVar[bool] = True
    # Whether authentic bytes that are no payload at all are refused, or taken as "other".
    refuses_garbage: ClassVar[bool] = True
    window: ClassVar[timedelta | None] = None  # beyond it a genuine request is stale
    names_sender: ClassVar[bool] = True
    single: ClassVar[bool] = False  # one event a request, ever

    # What a channel says about itself -----------------------------------------------------

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        """The request that the provider makes of `body`, with `secret` or the document's own."""
        raise NotImplementedError

    def sample(self, **changes: Any) -> Any:
        """A payload with one text message; changes: text, name, sender, timestamp, message_id."""
        raise NotImplementedError

    def batch(self, count: int) -> Any:
        """A payload with `count` messages."""
        raise NotImplementedError

    def encode(self, payload: Any) -> bytes:
        """The payload as bytes."""
        return json.dumps(payload).encode()

    # What they all share -------------------------------------------------------------------

    @cached_property
    def adapter(self) -> InboundAdapter:
        return registry.inbound(self.channel)

    def certificates(self, url: str) -> bytes:
        raise FileNotFoundError(url)

    def receive(self, request: Request, document: Mapping[str, Any] | None = None) -> Received:
        chosen = self.document if document is None else document
        account = Account(self.channel, "main", chosen)
        return self.adapter.receive(request, Context(account, self.certificates))

    def events(self, payload: Any) -> tuple[InboundEvent, ...]:
        received = self.receive(self.signed(self.encode(payload)))
        assert received.valid, received.reason
        return received.events

    @property
    def secret(self) -> str:
        value = self.document[self.secret_key]
        return str(value[0] if isinstance(value, list) else value)

    def with_header(self, request: Request, name: str, value: str | None) -> Request:
        kept = [(key, old) for key, old in request.headers if key.lower() != name.lower()]
        added = [] if value is None else [(name, value)]
        return replace(request, headers=(*kept, *added))

    @cached_property
    def request(self) -> Request:
        return self.signed(self.encode(self.sample()))

    def refused(self, request: Request, document: Mapping[str, Any] | None = None) -> Received:
        received = self.receive(request, document)
        assert not received.valid
        assert received.reason
        assert received.events == ()
        assert received.visit is None
        assert 400 <= received.response.status < 600
        return received

    def harmless(self, received: Received) -> None:
        """Whatever came in: it is refused cleanly, or its events can travel on every queue."""
        if not received.valid:
            assert received.events == ()
            assert 400 <= received.response.status < 600
        for event in received.events:
            wire = strict_json.dumps(event.model_dump(mode="json", by_alias=True))
            assert wire.isascii()
            assert InboundEvent.model_validate_json(wire) == event

    def not_taken(self, body: bytes) -> None:
        """Authentic bytes that break a rule of JSON never become a message."""
        received = self.receive(self.signed(body))
        if self.refuses_garbage:
            assert not received.valid
            assert received.reason == "malformed"
        assert all(event.kind == Kind.OTHER for event in received.events)

    # The plain case ------------------------------------------------------------------------

    def test_a_genuine_message_is_taken(self) -> None:
        received = self.receive(self.request)
        assert received.valid, received.reason
        (event,) = received.events
        assert event.kind == Kind.MESSAGE
        assert event.text == "Hello"
        assert event.provider == self.adapter.provider
        assert event.provider_message_id
        assert event.from_
        assert received.response.status == 200

    def test_header_names_are_found_in_any_case(self) -> None:
        headers = tuple((name.upper(), value) for name, value in self.request.headers)
        assert self.receive(replace(self.request, headers=headers)).valid
        headers = tuple((name.lower(), value) for name, value in self.request.headers)
        assert self.receive(replace(self.request, headers=headers)).valid

    def test_the_same_delivery_twice_has_the_same_ids(self) -> None:  # [69] where nothing is dated
        first, second = self.receive(self.request), self.receive(self.request)
        assert [e.provider_message_id for e in first.events] == [
            e.provider_message_id for e in second.events
        ]

    @pytest.mark.parametrize(
        "body",
        [b"", b" ", b"\xff\xfe", b"{", b"null", b"7", b'"x"', b"[]", b"{}", b"<xml/>", b"\x00"],
    )
    def test_bytes_that_are_no_payload_are_never_a_message(self, body: bytes) -> None:  # [50]
        self.not_taken(body)

    @FUZZ
    @given(data=st.data())
    def test_one_changed_byte_is_refused(self, data: st.DataObject) -> None:  # [51]
        if not self.signs_body:
            return
        body = bytearray(self.request.body)
        at = data.draw(st.integers(0, len(body) - 1))
        body[at] ^= data.draw(st.integers(1, 255))
        self.changed(replace(self.request, body=bytes(body)))

    def changed(self, request: Request) -> None:
        """A body altered on its way; most signatures cover all of its bytes."""
        self.refused(request)

    @FUZZ
    @given(extra=st.binary(min_size=1, max_size=8))
    def test_bytes_appended_after_signing_are_refused(self, extra: bytes) -> None:  # [51]
        if self.signs_body:
            self.changed(replace(self.request, body=self.request.body + extra))

    def test_a_lone_surrogate_becomes_a_replacement_character(self) -> None:  # [52]
        (event,) = self.events(self.sample(text="half \ud83d smile"))
        assert event.text == "half \ufffd smile"
        assert event.model_dump_json()

    def test_characters_that_queues_refuse_travel_escaped(self) -> None:  # [53]
        received = self.receive(self.signed(self.encode(self.sample(text="a\ufffe\uffff\x00b"))))
        assert received.valid
        self.harmless(received)

    def test_nesting_900_deep_is_not_taken(self) -> None:  # [54]
        self.not_taken(b'{"a":' * 900 + b"1" + b"}" * 900)
        self.not_taken(b"[" * 100_000 if self.adapter.max_body_bytes > 200_000 else b"[" * 10_000)

    def test_an_integer_of_5000_digits_is_not_taken(self) -> None:  # [55]
        self.not_taken(b'{"a":' + b"9" * 5000 + b"}")

    @pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
    def test_numbers_that_json_does_not_have_are_not_taken(self, number: bytes) -> None:  # [56]
        self.not_taken(b'{"a":' + number + b"}")

    def test_duplicate_keys_are_not_taken(self) -> None:  # [57]
        self.not_taken(b'{"a":1,"a":2}')

    def test_fields_we_do_not_know_change_nothing(self) -> None:  # [58]
        payload = self.sample()
        payload["brand_new"] = "2027"
        (event,) = self.events(payload)
        (plain,) = self.receive(self.request).events
        assert event.model_copy(update={"extra": plain.extra}) == plain

    @pytest.mark.parametrize("count", [0, 1, 1000])
    def test_any_number_of_messages_in_one_webhook(self, count: int) -> None:  # [59]
        if self.single:
            return
        events = self.events(self.batch(count))
        assert len(events) == count
        assert len({event.provider_message_id for event in events}) == count

    def test_a_body_over_the_limit_is_refused_before_anything_else(self) -> None:  # [60]
        body = b"x" * (self.adapter.max_body_bytes + 1)
        received = self.refused(replace(self.request, body=body))
        assert received.reason == "too_large"
        assert received.response.status == 413

    def test_an_account_may_have_a_smaller_limit(self) -> None:  # [60]
        document = {**self.document, "max_body_bytes": len(self.request.body) - 1}
        assert self.refused(self.request, document).reason == "too_large"

    @pytest.mark.parametrize(
        "value", [10**18, -1, 10**38, 1.5, "nan", "-5", "", "٣", "10 Nov", None, True, [], {}]
    )
    def test_an_impossible_time_does_not_lose_the_message(self, value: Any) -> None:  # [61, 62]
        payload = self.sample(timestamp=value)
        if payload is None:
            return
        (event,) = self.events(payload)
        assert event.kind == Kind.MESSAGE
        assert event.timestamp is None or event.timestamp.tzinfo is not None

    @pytest.mark.parametrize(
        "sender",
        ["1-800-FLOWERS", "+٤٩١٥١١", "0049151123", "+49 151 1234", "+49151;ext=5", "4", ""],
    )
    def test_only_a_full_number_counts_as_a_phone(self, sender: str) -> None:  # [63]
        payload = self.sample(sender=sender)
        if payload is not None:
            (event,) = self.events(payload)
            assert "phone" not in event.sender_ids

    @pytest.mark.parametrize(
        "name", ["", "\u202eadA", "\u200b\u200b", "=cmd|'/c'!A1", "n" * 10_000]
    )
    def test_any_name_is_kept_as_it_is(self, name: str) -> None:  # [64]
        if self.names_sender:
            (event,) = self.events(self.sample(name=name))
            assert event.sender_name == (name or None)

    @pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "post", ""])
    def test_other_methods_take_nothing(self, method: str) -> None:  # [65]
        bare = replace(self.request, method=method, body=b"", headers=())
        self.refused(bare)

    @FUZZ
    @given(value=ANY_JSON)
    def test_no_authentic_json_ever_raises(self, value: Any) -> None:
        self.harmless(self.receive(self.signed(json.dumps(value).encode())))

    @settings(FUZZ, max_examples=100)
    @given(data=st.data())
    def test_no_node_of_the_sample_replaced_by_anything_ever_raises(
        self, data: st.DataObject
    ) -> None:
        payload = self.sample()
        spots = list(_spots(payload))
        holder, key = data.draw(st.sampled_from(spots))
        holder[key] = data.draw(ANY_JSON)
        self.harmless(self.receive(self.signed(self.encode(payload))))

    @FUZZ
    @given(body=st.binary(max_size=200))
    def test_no_stranger_can_make_it_raise(self, body: bytes) -> None:
        self.harmless(self.receive(replace(self.request, body=body)))

    @FUZZ
    @given(value=st.text(max_size=80), twice=st.booleans())
    def test_no_signature_header_can_make_it_raise(self, value: str, twice: bool) -> None:
        if self.signature_header is None:
            return
        request = self.with_header(self.request, self.signature_header, value)
        if twice:
            request = replace(request, headers=(*request.headers, *request.headers))
        self.refused(request)

    @FUZZ
    @given(query=st.text(max_size=60), method=st.sampled_from(["GET", "POST", "HEAD"]))
    def test_no_address_can_make_it_raise(self, query: str, method: str) -> None:
        self.harmless(self.receive(replace(self.request, url=f"{self.url}?{query}", method=method)))

    # Attacks -------------------------------------------------------------------------------

    def test_a_missing_signature_is_refused(self) -> None:  # [66]
        if self.signature_header is not None:
            received = self.refused(self.with_header(self.request, self.signature_header, None))
            assert received.reason == "missing_signature"
            assert received.response.status == 401

    @pytest.mark.parametrize(
        "value", ["", " ", "=", "sha256=", "sha1=", "sha512=00", "none", "Bearer", "Basic", "AAAA"]
    )
    def test_an_empty_or_other_signature_is_refused(self, value: str) -> None:  # [66]
        if self.signature_header is not None:
            self.refused(self.with_header(self.request, self.signature_header, value))

    @pytest.mark.parametrize("value", ["é", "sha256=é" + "0" * 62, "\udcff", "０" * 64, "\u2028"])
    def test_a_signature_outside_ascii_is_refused_not_raised(self, value: str) -> None:  # [67]
        if self.signature_header is not None:
            self.refused(self.with_header(self.request, self.signature_header, value))

    def test_a_signature_header_given_twice_is_refused(self) -> None:
        if self.signature_header is not None:
            value = self.request.header(self.signature_header) or ""
            headers = (*self.request.headers, (self.signature_header, value))
            self.refused(replace(self.request, headers=headers))

    def test_another_accounts_secret_does_not_open_this_one(self) -> None:  # [68]
        body = self.encode(self.sample())
        received = self.refused(self.signed(body, secret="another-accounts-secret-of-32-bytes!"))
        assert received.response.status in (401, 403)

    def test_another_account_of_the_same_secret_is_told_apart(self) -> None:  # [68]
        if self.foreign:
            received = self.refused(self.request, {**self.document, **self.foreign})
            assert received.reason == "unexpected_account"
            assert received.response.status == 403

    def test_a_replay_outside_the_window_is_refused(self) -> None:  # [69]
        if self.window is not None:
            for moved in (self.window + timedelta(seconds=2), -timedelta(seconds=302)):
                late = replace(self.request, received_at=NOW + moved)
                assert self.refused(late).reason == "stale_timestamp"

    def test_secrets_are_compared_in_constant_time(self, monkeypatch: Any) -> None:  # [71]
        if self.signature_header is None or self.channel == "webchat":
            return  # RSA, and PyJWT's own comparison
        compared: list[bool] = []
        genuine = hmac.compare_digest

        def spy(left: Any, right: Any) -> bool:
            compared.append(True)
            assert isinstance(left, bytes)
            return bool(genuine(left, right))

        monkeypatch.setattr(hmac, "compare_digest", spy)
        assert self.receive(self.request).valid
        assert compared

    def test_both_secrets_count_while_one_is_rotated(self) -> None:  # [72]
        if self.signature_header is None:
            return
        new = "the-new-secret-that-has-32-bytes!!"
        both = {**self.document, self.secret_key: [new, self.secret]}
        body = self.encode(self.sample())
        assert self.receive(self.request, both).valid
        assert self.receive(self.signed(body, secret=new), both).valid
        only_new = {**self.document, self.secret_key: new}
        self.refused(self.request, only_new)

    @pytest.mark.parametrize("blank", [None, "", [], [""], [None], 7, {}])
    def test_without_a_secret_nothing_is_taken(self, blank: Any) -> None:  # [72]
        document = {**self.document, self.secret_key: blank}
        received = self.refused(self.request, document)
        assert received.reason == "misconfigured"
        assert received.response.status == 503


def _spots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON value that can be written to."""
    keys = list(node) if isinstance(node, dict) else range(len(node))
    for key in keys:
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _spots(node[key])
