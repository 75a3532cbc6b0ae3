"""Customers' messages as their providers post them: signed, at a pace, by a few threads."""

import http.client
import threading
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from local import seed
from local.context import StackContext
from local.twins.webhooks import (
    Said,
    Webhook,
    meta_webhook,
    telegram_update,
    telegram_webhook,
    whatsapp_message,
)
from rapport.channels.base import Account

THREADS = 8
TIMEOUT = 60
LOOPBACK = "127.0.0.1"


@dataclass
class Shot:
    """One message: what is posted, how often, and when (epoch seconds) what became of it."""

    sender: str
    channel: str
    text: str
    message_id: str
    webhook: Webhook
    copies: int = 1
    posted: float = 0.0
    answered: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    stored: float | None = None
    shown: float | None = None
    record_id: str = ""
    customer_id: str = ""

    @property
    def key(self) -> str:
        """The message's key in the conversations table."""
        return f"{self.channel}#main#{self.message_id}"


class Crowd:
    """People who never wrote before, and their messages."""

    def __init__(self, context: StackContext) -> None:
        if urlsplit(context.http_api_url).hostname not in (LOOPBACK, "localhost"):
            raise ValueError("Load is for the local stack alone.")
        self._url = context.http_api_url
        self._accounts = {
            channel: Account(channel, "main", seed.known_document(context, channel, "main"))
            for channel in ("whatsapp", "telegram")
        }
        self._last: dict[str, datetime] = {}

    def people(self, number: int) -> list[str]:
        """Phone numbers that nobody had before, without their plus sign."""
        return [f"1415{uuid.uuid4().int % 9_000_000 + 1_000_000:07d}" for _ in range(number)]

    def says(self, sender: str, channel: str = "whatsapp", copies: int = 1) -> Shot:
        """One message of `sender`; each is a second later than the one before by its own clock."""
        text = f"load {uuid.uuid4().hex}"
        at = self._later(sender)
        if channel == "telegram":
            number = str(uuid.uuid4().int % 10**12)
            said = Said(sender=sender, message_id=number, at=at, text=text)
            return Shot(sender, channel, text, f"{sender}:{number}", self._telegram(said), copies)
        said = Said(sender=sender, message_id=f"wamid.{uuid.uuid4().hex}", at=at, text=text)
        account = self._accounts["whatsapp"]
        webhook = meta_webhook(account, self._address("whatsapp"), whatsapp_message(said, account))
        return Shot(sender, channel, text, said.message_id, webhook, copies)

    def _telegram(self, said: Said) -> Webhook:
        account = self._accounts["telegram"]
        return telegram_webhook(account, self._address("telegram"), telegram_update(said, account))

    def _address(self, channel: str) -> str:
        return f"{self._url}/webhooks/{channel}/main"

    def _later(self, sender: str) -> datetime:
        """Providers give seconds: an hour ago and on, so that each message has its own."""
        before = self._last.get(sender, datetime.now(UTC) - timedelta(hours=1))
        self._last[sender] = before + timedelta(seconds=1)
        return self._last[sender]


_connections = threading.local()


def post(shots: Sequence[Shot], rate: float | None = None, threads: int = THREADS) -> None:
    """Post every shot as often as it says: `rate` a second, or as fast as it goes.

    The pace does not wait for answers (an open loop): a slow stack shows as latency.
    """
    began = time.time()
    with ThreadPoolExecutor(threads) as pool:
        for number, shot in enumerate(shots):
            if rate:
                time.sleep(max(0.0, began + number / rate - time.time()))
                # Waiting for a free thread counts as waiting for the stack.
                shot.posted = time.time()
            for _ in range(shot.copies):
                pool.submit(_post, shot)


def _post(shot: Shot) -> None:
    began = shot.posted or time.time()
    status = _exchange(shot.webhook)
    shot.posted = min(shot.posted or began, began)
    shot.statuses.append(status)
    shot.answered.append(time.time() - began)


def _exchange(webhook: Webhook) -> int:
    """The status answered; 0 where the connection failed. A thread keeps its connection."""
    parts = urlsplit(webhook.url)
    if not hasattr(_connections, "kept"):
        _connections.kept = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    connection: http.client.HTTPConnection = _connections.kept
    try:
        connection.request("POST", parts.path, webhook.body, dict(webhook.headers))
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0
    return response.status


def repost(shots: Iterable[Shot]) -> int:
    """Post again what was not taken, as providers do; how many those were."""
    left = [shot for shot in shots if 200 not in shot.statuses]
    for shot in left:
        _post(shot)
    return len(left)
