"""Carrying webhooks to us over HTTP, with each provider's patience and retries, within bounds."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import urllib3

from local.twins.receipts import ReceiptRun
from local.twins.webhooks import Webhook

# Attempts and time-out by the account's channel. Shortened: real ones go on for hours or days.
PATIENCE: dict[str, tuple[int, float]] = {
    "whatsapp": (4, 20.0),
    "messenger": (4, 20.0),
    "line": (3, 20.0),
    "telegram": (4, 30.0),
    "twilio": (1, 15.0),  # Twilio calls the fallback URL instead of trying again
    "ses": (4, 15.0),
    "aws_messaging": (4, 15.0),
}
PAUSES = (0.5, 1.0, 2.0)
WORKERS = 4


@dataclass(frozen=True)
class Outcome:
    """How a webhook ended: the last status (None: no answer at all), its body, all attempts."""

    status: int | None
    body: str
    attempts: int


class Postman:
    """Delivers webhooks; receipts in the background, one message's receipts in their order."""

    def __init__(self, wait: Callable[[float], None] = time.sleep) -> None:
        self._pool = urllib3.PoolManager(maxsize=8, retries=False)
        self._wait = wait
        self._runs: queue.SimpleQueue[ReceiptRun] = queue.SimpleQueue()
        for _ in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def deliver(self, webhook: Webhook) -> Outcome:
        """Post until it is answered below 500, or patience ends."""
        attempts, timeout = PATIENCE.get(webhook.account_channel, (1, 15.0))
        outcome = Outcome(None, "", 0)
        for attempt in range(1, attempts + 1):
            status, body = self._post(webhook, timeout)
            outcome = Outcome(status, body, attempt)
            if status is not None and status < 500:
                break
            if attempt < attempts:
                self._wait(PAUSES[min(attempt, len(PAUSES)) - 1])
        return outcome

    def deliver_copies(self, webhook: Webhook, times: int, *, concurrently: bool) -> list[Outcome]:
        """The same webhook several times, as a provider that doubts does."""
        if not concurrently:
            return [self.deliver(webhook) for _ in range(times)]
        with ThreadPoolExecutor(max_workers=times) as pool:
            return list(pool.map(self.deliver, [webhook] * times))

    def deliver_later(self, runs: list[ReceiptRun]) -> None:
        """Take over receipts."""
        for run in runs:
            self._runs.put(run)

    def _post(self, webhook: Webhook, timeout: float) -> tuple[int | None, str]:
        try:
            response = self._pool.request(
                webhook.method,
                webhook.url.partition("#")[0],
                body=webhook.body,
                headers=dict(webhook.headers),
                timeout=timeout,
                redirect=False,
            )
        except (urllib3.exceptions.HTTPError, ValueError):
            return None, ""
        return response.status, response.data[:2000].decode("utf-8", "replace")

    def _work(self) -> None:
        while True:
            run = self._runs.get()
            self._wait(run.delay_seconds)
            for webhook in run.webhooks:
                self.deliver(webhook)
                self._wait(run.spacing_seconds)
