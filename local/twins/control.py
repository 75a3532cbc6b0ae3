"""The twins' own API under `/_twins/`: give accounts, write as a customer, order faults, look."""

import base64
import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Any

from local.twins import codes
from local.twins.answers import Call, answer, octets
from local.twins.customer import Action, UnknownAccount
from local.twins.delivery import Outcome, Postman
from local.twins.faults import Fault
from local.twins.twins import Twins
from rapport.channels.base import Account
from rapport.channels.sender import HttpResponse

PREFIX = "/_twins/"
MAX_COPIES = 50


class Control:
    """Answers the control API of one `Twins`."""

    def __init__(self, twins: Twins, postman: Postman) -> None:
        self._twins = twins
        self._postman = postman
        self._routes: dict[tuple[str, str], Callable[[Call], HttpResponse]] = {
            ("GET", "health"): self._health,
            ("GET", "outbox"): self._outbox,
            ("GET", "codes"): self._codes,
            ("GET", "requests"): self._requests,
            ("GET", "sns-root.pem"): self._root,
            ("POST", "faults"): self._faults,
            ("POST", "reset"): self._reset,
            ("POST", "accounts"): self._accounts,
            ("POST", "customer/send"): self._customer,
            ("POST", "receipts"): self._receipts,
            ("POST", "settings"): self._settings,
            ("POST", "sns/confirm"): self._confirm,
        }

    def handle(self, call: Call) -> HttpResponse:
        """Answer one request to `/_twins/…`; 400 names what is wrong with it."""
        route = self._routes.get((call.method, call.path.removeprefix(PREFIX)))
        if route is None:
            known = sorted(f"{method} {PREFIX}{path}" for method, path in self._routes)
            return answer(404, {"error": "There is no such control.", "controls": known})
        try:
            return route(call)
        except (UnknownAccount, KeyError, TypeError, ValueError) as error:
            return answer(400, {"error": f"{type(error).__name__}: {error}"})

    def _health(self, call: Call) -> HttpResponse:
        del call
        accounts = sorted("/".join(key) for key in self._twins.state.registrations)
        return answer(200, {"status": "ok", "accounts": accounts})

    def _outbox(self, call: Call) -> HttpResponse:
        wanted = call.parameters
        found = self._twins.outbox(wanted.get("to"), wanted.get("channel"))
        return answer(200, {"messages": [_plain(message) for message in found]})

    def _codes(self, call: Call) -> HttpResponse:
        """The one-time codes that reached `to`, the latest last."""
        wanted = call.parameters
        found = codes.codes(self._twins.outbox(wanted.get("to"), wanted.get("channel")))
        return answer(200, {"codes": [_plain(code) for code in found]})

    def _requests(self, call: Call) -> HttpResponse:
        del call
        return answer(200, {"requests": [_plain(seen) for seen in self._twins.state.requests]})

    def _root(self, call: Call) -> HttpResponse:
        del call
        return octets(self._twins.authority.root_pem.encode(), "application/x-pem-file")

    def _faults(self, call: Call) -> HttpResponse:
        given = call.json.get("faults", [call.json])
        self._twins.faults.pending += [Fault(**fault) for fault in given]
        return answer(200, {"pending": len(self._twins.faults.pending)})

    def _reset(self, call: Call) -> HttpResponse:
        del call
        self._twins.reset()
        return answer(200, {"status": "ok"})

    def _accounts(self, call: Call) -> HttpResponse:
        given = call.json.get("accounts", [call.json])
        for item in given:
            account = Account(item["channel"], item.get("account", "main"), item["document"])
            self._twins.register(account, item.get("webhook_url", ""))
        return answer(200, {"accounts": len(given)})

    def _customer(self, call: Call) -> HttpResponse:
        given = dict(call.json)
        times = int(given.pop("times", 1))
        concurrently = bool(given.pop("concurrently", False))
        if not 1 <= times <= MAX_COPIES:
            raise ValueError(f"times must be between 1 and {MAX_COPIES}")
        given["sender"] = str(given.pop("from"))
        webhook, message_id = self._twins.customer(Action(**given))
        outcomes = self._postman.deliver_copies(webhook, times, concurrently=concurrently)
        return answer(200, {**_delivered(outcomes), "provider_message_id": message_id})

    def _receipts(self, call: Call) -> HttpResponse:
        current = self._twins.settings.receipts
        given = call.json
        if "statuses" in given:
            given = {**given, "statuses": tuple(given["statuses"])}
        self._twins.settings.receipts = dataclasses.replace(current, **given)
        return answer(200, dataclasses.asdict(self._twins.settings.receipts))

    def _settings(self, call: Call) -> HttpResponse:
        """`enforce_windows`; `failures` (recipient: the code it fails with, or how a call ends);
        `authentication_templates`, WhatsApp's for one-time codes."""
        state, given = self._twins.state, call.json
        state.enforce_windows = bool(given.get("enforce_windows", state.enforce_windows))
        for who, code in given.get("failures", {}).items():
            state.failures[who.removeprefix("whatsapp:").removeprefix("+").lower()] = str(code)
        templates = given.get("authentication_templates", state.authentication_templates)
        state.authentication_templates = frozenset(templates)
        shown = {"enforce_windows": state.enforce_windows, "failures": state.failures}
        return answer(200, {**shown, "authentication_templates": sorted(templates)})

    def _confirm(self, call: Call) -> HttpResponse:
        given = call.json
        account, channel = given.get("account", "main"), given.get("channel", "ses")
        webhook = self._twins.confirmation(account, channel)
        return answer(200, _delivered([self._postman.deliver(webhook)]))


def _delivered(outcomes: list[Outcome]) -> dict[str, Any]:
    """The last outcome, and the statuses of all copies."""
    last = outcomes[-1]
    return {
        "status": last.status,
        "body": last.body,
        "attempts": last.attempts,
        "statuses": [outcome.status for outcome in outcomes],
    }


def _plain(value: Any) -> dict[str, Any]:
    """A dataclass as JSON: times in ISO 8601, bytes as text, or base64 where they are none."""
    return {key: _spelled(item) for key, item in dataclasses.asdict(value).items()}


def _spelled(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return value
