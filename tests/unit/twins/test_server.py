"""The twins over HTTP: as the local stack runs them."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from local.twins.delivery import Postman
from local.twins.mail import Authority
from local.twins.server import TwinServer
from local.twins.twins import Twins
from rapport.channels import registry
from rapport.channels.base import Context, Request
from rapport.channels.http import ProviderHttp
from rapport.channels.sender import AnswerLost, OutboundMessage, Outcome
from rapport.contracts.content import TemplateContent, TextContent
from rapport.kernel.clock import SystemClock
from tests.unit.twins.accounts import DOCUMENTS, account, authority

POOL = urllib3.PoolManager(retries=False)


class Ours:
    """Our webhook endpoint: answers the next of `statuses` (200 when none), keeps what came."""

    def __init__(self) -> None:
        self.statuses: list[int] = []
        self.requests: list[Request] = []
        self.arrived = threading.Condition()
        ours = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = tuple(self.headers.items())
                url = f"{ours.url}{self.path}"
                with ours.arrived:
                    request = Request("POST", url, headers, body, SystemClock().now())
                    ours.requests.append(request)
                    status = ours.statuses.pop(0) if ours.statuses else 200
                    ours.arrived.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None: ...

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def wait_for(self, count: int) -> list[Request]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.requests) >= count, timeout=5)
            return list(self.requests)


@pytest.fixture
def ours() -> Iterator[Ours]:
    made = Ours()
    threading.Thread(target=made.server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def server(ours: Ours) -> Iterator[TwinServer]:
    made = TwinServer(0, Twins(authority=authority()))
    made.postman = made.control._postman = Postman(wait=lambda _: None)
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    accounts = [
        {
            "channel": channel,
            "account": "main",
            "document": document,
            "webhook_url": f"{ours.url}/webhooks/{channel}/main",
        }
        for channel, document in DOCUMENTS.items()
    ]
    assert control(made, "POST", "accounts", {"accounts": accounts}) == {"accounts": len(DOCUMENTS)}
    yield made
    made.shutdown()
    made.server_close()


def control(server: TwinServer, method: str, path: str, body: Any = None) -> Any:
    data = json.dumps(body).encode() if body is not None else None
    response = POOL.request(method, f"{server.url}/_twins/{path}", body=data)
    return json.loads(response.data)


def send(server: TwinServer, **changes: Any) -> Any:
    facts: dict[str, Any] = {
        "message_id": "msg_01",
        "reference": "ref_01",
        "channel": "whatsapp",
        "to": "4915112345678",
        "content": TextContent(text="Grüße"),
        "last_inbound_at": SystemClock().now(),
    }
    message = OutboundMessage(**{**facts, **changes})
    http = ProviderHttp(server.url)
    now = SystemClock().now()
    return registry.sender("whatsapp").send(message, account("whatsapp"), http, now)


def test_both_health_addresses_answer(server: TwinServer) -> None:
    assert control(server, "GET", "health")["status"] == "ok"
    assert POOL.request("GET", f"{server.url}/health").status == 200


def test_a_message_goes_through_the_real_http_port_and_its_receipts_come(
    server: TwinServer, ours: Ours
) -> None:
    assert send(server).outcome is Outcome.SENT
    found = control(server, "GET", "outbox?to=%2B4915112345678&channel=whatsapp")["messages"]
    assert [(item["text"], item["reference"]) for item in found] == [("Grüße", "ref_01")]
    adapter = registry.inbound("whatsapp")
    context = Context(account("whatsapp"), server.twins.certificate)
    receipts = [adapter.receive(request, context) for request in ours.wait_for(3)]
    assert [receipt.events[0].status for receipt in receipts] == ["sent", "delivered", "read"]
    assert len(control(server, "GET", "requests")["requests"]) == 1


def test_the_codes_that_reached_a_number_can_be_read(server: TwinServer) -> None:
    template = TemplateContent(name="verification_code", language="en", parameters=("047119",))
    send(server, content=template, extra={"code": "047119"})
    (found,) = control(server, "GET", "codes?to=%2B4915112345678")["codes"]
    assert (found["code"], found["channel"]) == ("047119", "whatsapp")
    assert control(server, "GET", "codes?to=%2B4915112345679") == {"codes": []}
    control(server, "POST", "settings", {"authentication_templates": ["other"]})
    assert send(server, content=template).outcome is Outcome.SENT
    control(server, "POST", "reset")
    assert send(server, content=template).outcome is Outcome.FAILED


def test_a_dropped_answer_is_lost_and_its_receipts_still_come(
    server: TwinServer, ours: Ours
) -> None:
    control(server, "POST", "faults", {"kind": "drop_after", "match": {"channel": "whatsapp"}})
    assert send(server).outcome is Outcome.UNKNOWN
    assert len(ours.wait_for(3)) == 3
    control(server, "POST", "faults", {"faults": [{"kind": "drop_before"}]})
    with pytest.raises(AnswerLost):
        ProviderHttp(server.url).send("POST", "https://api.line.me/v2/bot/message/push", {}, b"")


def test_a_customer_writes_and_we_are_asked_until_we_take_it(
    server: TwinServer, ours: Ours
) -> None:
    ours.statuses = [503, 500, 200]
    answer = control(
        server, "POST", "customer/send", {"channel": "line", "from": "U1", "text": "你好"}
    )
    assert (answer["status"], answer["attempts"]) == (200, 3)
    context = Context(account("line"), server.twins.certificate)
    found = registry.inbound("line").receive(ours.requests[-1], context)
    assert [event.text for event in found.events] == ["你好"]
    assert found.events[0].provider_message_id == answer["provider_message_id"]


def test_twilio_asks_once(server: TwinServer, ours: Ours) -> None:
    ours.statuses = [500]
    answer = control(
        server, "POST", "customer/send", {"channel": "sms", "from": "+491511", "text": "Hi"}
    )
    assert (answer["status"], answer["attempts"]) == (500, 1)


def test_the_same_message_may_come_five_times_at_once(server: TwinServer, ours: Ours) -> None:
    body = {"channel": "email", "from": "jane@example.com", "text": "Hi", "extra": {"subject": "S"}}
    answer = control(server, "POST", "customer/send", {**body, "times": 5, "concurrently": True})
    assert answer["statuses"] == [200] * 5
    assert len({request.body for request in ours.requests}) == 1
    signed = Context(account("ses", trusted_root_pem=""), server.twins.certificate)
    assert registry.inbound("ses").receive(ours.requests[0], signed).valid


def test_settings_and_reset(server: TwinServer) -> None:
    changed = control(server, "POST", "receipts", {"copies": 2, "statuses": ["read"]})
    assert (changed["copies"], changed["statuses"]) == (2, ["read"])
    control(server, "POST", "settings", {"enforce_windows": True, "failures": {"+49": 30003}})
    assert server.twins.state.enforce_windows
    assert server.twins.state.failures == {"49": "30003"}
    control(server, "POST", "reset")
    assert not server.twins.state.enforce_windows
    assert server.twins.settings.receipts.copies == 1


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("customer/send", {}),
        ("customer/send", {"channel": "line", "from": "U1", "nonsense": 1}),
        ("customer/send", {"channel": "pigeon", "from": "U1"}),
        ("customer/send", {"channel": "line", "from": "U1", "times": 1000}),
        ("faults", {"nonsense": 1}),
        ("receipts", {"nonsense": 1}),
        ("accounts", {"accounts": [{}]}),
        ("nothing", {}),
    ],
)
def test_a_mistake_is_named(server: TwinServer, path: str, body: Any) -> None:
    assert "error" in control(server, "POST", path, body)


def test_the_root_and_the_certificate_are_published(server: TwinServer) -> None:
    root = POOL.request("GET", f"{server.url}/_twins/sns-root.pem").data
    assert root == authority().root_pem.encode()
    url = f"https://sns.eu-west-1.amazonaws.com/{authority().certificate_path}"
    answer = ProviderHttp(server.url).send("GET", url, {}, b"")
    assert answer.body == authority().certificate_pem


def test_an_authority_is_made_when_none_is_given() -> None:
    assert isinstance(Twins().authority, Authority)


def test_a_path_without_a_host_is_explained(server: TwinServer) -> None:
    response = POOL.request("GET", f"{server.url}/favicon.ico")
    assert response.status == 404
