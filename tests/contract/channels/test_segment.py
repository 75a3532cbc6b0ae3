"""Segment's tracking endpoint under the shared suite."""

import gzip
import json
import tracemalloc
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest

from rapport.channels.base import Received, Request
from rapport.contracts.inbound import InboundEvent, Kind
from tests.contract.channels import sign
from tests.contract.channels.suite import NOW, WebhookContract


class TestSegment(WebhookContract):
    channel = "segment"
    url = "https://hooks.example.org/webhooks/segment/main/v1/batch"
    secret_key = "write_keys"
    signature_header = "Authorization"
    document: ClassVar[dict[str, Any]] = {"write_keys": ["wk_one"]}
    signs_body = False
    names_sender = False

    def signed(self, body: bytes, secret: str | None = None) -> Request:
        headers = (("Authorization", sign.basic(secret or self.secret)),)
        return Request("POST", self.url, headers, body, NOW)

    def item(self, number: int = 1, **changes: Any) -> dict[str, Any]:
        return {
            "type": "track",
            "messageId": f"mm{number}",
            "userId": "u1",
            "event": changes.get("text", "Hello"),
            "timestamp": changes.get("timestamp", "2026-11-20T11:59:59.000Z"),
        }

    def sample(self, **changes: Any) -> Any:
        return None if "sender" in changes else {"batch": [self.item(**changes)]}

    def batch(self, count: int) -> Any:
        return {"batch": [self.item(number) for number in range(count)]}

    # Segment carries calls, not messages; the rest of the suite holds as it is.

    def test_a_genuine_message_is_taken(self) -> None:
        received = self.receive(self.request)
        (event,) = received.events
        assert event.kind == Kind.TRACK
        assert event.provider_message_id == "mm1"
        assert event.extra["event"] == "Hello"
        assert received.response.content_type == "application/json"
        assert json.loads(received.response.body) == {"success": True}

    def test_a_lone_surrogate_becomes_a_replacement_character(self) -> None:  # [52]
        (event,) = self.events(self.sample(text="half \ud83d smile"))
        assert event.extra["event"] == "half \ufffd smile"

    @pytest.mark.parametrize("value", [10**18, -1, 1.5, "nan", "", "٣", "10 Nov", None, [], {}])
    def test_an_impossible_time_does_not_lose_the_message(self, value: Any) -> None:  # [61, 62]
        (event,) = self.events(self.sample(timestamp=value))
        assert event.timestamp == NOW

    def test_a_key_in_the_body_counts_when_there_is_none_in_the_header(self) -> None:
        for key, taken in (("wk_one", True), ("wk_two", False), (7, False)):
            request = self.signed(self.encode({**self.sample(), "writeKey": key}))
            request = self.with_header(request, "Authorization", None)
            assert self.receive(request).valid is taken

    def test_the_key_in_the_header_wins(self) -> None:
        request = self.signed(self.encode({**self.sample(), "writeKey": "wk_one"}), "wk_two")
        assert self.refused(request).reason == "bad_signature"

    # gzip [90]

    def zipped(self, body: bytes) -> Request:
        return self.with_header(self.signed(body), "Content-Encoding", "gzip")

    def test_a_gzipped_body_is_read(self) -> None:
        body = gzip.compress(self.encode(self.batch(3)))
        assert len(self.receive(self.zipped(body)).events) == 3

    def test_a_zip_bomb_is_never_unfolded(self) -> None:
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        bomb = b"".join(packer.compress(b"\0" * 1_000_000) for _ in range(100)) + packer.flush()
        assert len(bomb) < 500 * 1024
        request = self.zipped(bomb)
        tracemalloc.start()
        received = self.refused(request)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert received.reason == "too_large"
        assert peak < 5_000_000

    def test_broken_gzip_is_refused(self) -> None:
        good = gzip.compress(self.encode(self.sample()))
        for body in (b"", b"x", good[:-1], good + b"x", good[:20]):
            assert self.refused(self.zipped(body)).reason == "malformed"

    # Batches

    def test_good_items_are_kept_and_bad_ones_reported(self) -> None:
        bad = [7, {}, {**self.item(), "type": "tweet"}, {**self.item(), "userId": None}]
        received = self.receive(self.signed(self.encode({"batch": [*bad, self.item(5)]})))
        assert received.valid
        assert [event.provider_message_id for event in received.events] == ["mm5"]
        rejected = json.loads(received.response.body)["rejected"]
        assert [item["index"] for item in rejected] == [0, 1, 2, 3]

    def test_one_oversized_item_does_not_take_its_neighbours_along(self) -> None:
        big = {**self.item(1), "properties": {"x": "é" * 16_384}}
        received = self.receive(self.signed(self.encode({"batch": [big, self.item(2)]})))
        assert [event.provider_message_id for event in received.events] == ["mm2"]

    def test_the_batchs_context_lies_under_each_items_own(self) -> None:
        item = {**self.item(), "context": {"ip": "192.0.2.1"}}
        payload = {"batch": [item], "context": {"ip": "0.0.0.0", "app": {"name": "a"}}}
        (event,) = self.events(payload)
        assert event.extra["context"] == {"ip": "192.0.2.1", "app": {"name": "a"}}

    # Single calls

    def call(self, endpoint: str, **body: Any) -> Received:
        url = f"https://hooks.example.org/v1/{endpoint}"
        request = replace(self.signed(self.encode({"userId": "u", **body})), url=url)
        return self.receive(request)

    @pytest.mark.parametrize("endpoint", ["identify", "track", "page", "screen", "group", "alias"])
    def test_the_address_says_what_a_single_call_is(self, endpoint: str) -> None:
        needed = {"event": "e", "groupId": "g", "previousId": "p", "type": "nonsense"}
        (event,) = self.call(endpoint, **needed).events
        assert event.kind.value == endpoint

    @pytest.mark.parametrize(
        ("endpoint", "body"),
        [
            ("track", {}),
            ("track", {"event": 7}),
            ("track", {"event": "e", "userId": None}),
            ("track", {"event": "e", "userId": ""}),
            ("track", {"event": "e", "userId": {}}),
            ("track", {"event": "e", "userId": True}),
            ("group", {}),
            ("track", {"event": "e", "properties": "x"}),
            ("identify", {"traits": [1]}),
            ("alias", {}),
            ("page", {"name": 7}),
            ("screen", {"context": "x"}),
        ],
    )
    def test_a_bad_single_call_is_refused(self, endpoint: str, body: dict[str, Any]) -> None:
        received = self.call(endpoint, **body)
        assert (received.reason, received.response.status) == ("malformed", 400)

    def test_a_call_of_more_than_32_kilobytes_is_refused(self) -> None:
        received = self.call("track", event="e", properties={"x": "y" * 33_000})
        assert (received.reason, received.response.status) == ("too_large", 400)

    def test_an_unknown_endpoint_is_not_found(self) -> None:
        assert self.call("delete").response.status == 404

    @pytest.mark.parametrize(("value", "sender"), [(0, "0"), (12, "12"), (1.5, "1.5"), ("a", "a")])
    def test_numbers_are_ids_too(self, value: Any, sender: str) -> None:
        (event,) = self.call("identify", userId=value).events
        assert event.from_ == sender

    # Clocks

    def timed(self, **body: Any) -> InboundEvent:
        (event,) = self.call("track", event="e", **body).events
        return event

    def test_a_clients_wrong_clock_is_corrected(self) -> None:
        event = self.timed(timestamp="2020-01-01T00:00:00Z", sentAt="2020-01-01T00:00:05Z")
        assert event.timestamp == NOW - timedelta(seconds=5)

    @pytest.mark.parametrize("sent_at", ["nan", "0001-01-01T00:00:00Z", "", 7, {}])
    def test_a_senseless_time_of_sending_corrects_nothing_or_stays_in_range(
        self, sent_at: Any
    ) -> None:
        event = self.timed(timestamp="2020-01-01T00:00:00Z", sentAt=sent_at)
        assert event.timestamp is not None

    @pytest.mark.parametrize(
        "written",
        [
            "2015-02-03T04:05:06Z",
            "2015-2-03T04:05:06.000Z",
            "2015-02-03T05:05:06+01:00",
            "2015-02-03T05:05:06.000000000+0100",
            "2015-02-03 04:05:06",
            "2015-02-02T20:05:06-08:00",
        ],
    )
    def test_times_are_read_leniently(self, written: str) -> None:
        assert self.timed(timestamp=written).timestamp == datetime(2015, 2, 3, 4, 5, 6, tzinfo=UTC)
