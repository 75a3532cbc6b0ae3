"""A provider that answers as it is told, and a ledger that dies where it is told."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rapport.channels.base import Account
from rapport.channels.sender import (
    ErrorClass,
    Http,
    HttpResponse,
    OutboundMessage,
    Outcome,
    SendError,
    SendResult,
)
from rapport.kernel.clock import FixedClock
from rapport.notifications.memory import InMemoryLedger
from rapport.notifications.model import LedgerEntry, MessageStatus
from rapport.notifications.service import Delivery, dispatch, enter
from tests.builders import NOW, an_account, an_entry

SENT = SendResult(Outcome.SENT, "wamid.out")
LOST = SendResult(Outcome.UNKNOWN, error=SendError(ErrorClass.TRANSIENT, "time_out", "No answer."))
REFUSED = SendResult(
    Outcome.FAILED, error=SendError(ErrorClass.RECIPIENT_INVALID, "131026", "No such recipient.")
)


def busy(retry_after: timedelta | None = None) -> SendResult:
    """The provider asks to come again."""
    error = SendError(ErrorClass.RATE_LIMITED, "429", "Too many.", retry_after)
    return SendResult(Outcome.RETRY, error=error)


class NoHttp:
    """The way to a provider that nobody goes."""

    def send(self, method: str, url: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        """Nobody comes here."""
        raise AssertionError(method, url)


@dataclass
class ScriptedSender:
    """Gives the answers in turn, and remembers what it was asked to send."""

    answers: list[SendResult] = field(default_factory=lambda: [SENT])
    refuses: SendError | None = None
    idempotent: bool = False
    sent: list[OutboundMessage] = field(default_factory=list)

    def refusal(
        self, message: OutboundMessage, account: Account, now: datetime
    ) -> SendError | None:
        """The refusal it was made with."""
        return self.refuses

    def send(
        self, message: OutboundMessage, account: Account, http: Http, now: datetime
    ) -> SendResult:
        """The next answer; the last one stays."""
        self.sent.append(message)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class Died(BaseException):
    """The function was killed: nothing of ours may catch it."""


class MortalLedger(InMemoryLedger):
    """A ledger whose caller dies right before, or right after, a call of `method`."""

    def __init__(self) -> None:
        super().__init__()
        self.dies_before = ""
        self.dies_after = ""

    def begin(self, record_id: str, message_id: str) -> tuple[bool, LedgerEntry | None]:
        """Take the entry, or die."""
        return self._mortal("begin", super().begin, record_id, message_id)  # type: ignore[no-any-return]

    def end(self, entry: LedgerEntry, status: MessageStatus, at: datetime, **more: Any) -> bool:
        """End the attempt, or die."""
        return self._mortal("end", super().end, entry, status, at, **more)  # type: ignore[no-any-return]

    def _mortal(self, name: str, method: Any, *args: Any, **more: Any) -> Any:
        if self.dies_before == name:
            self.dies_before = ""
            raise Died
        found = method(*args, **more)
        if self.dies_after == name:
            self.dies_after = ""
            raise Died
        return found


class Office:
    """One message in the ledger, and the way to its provider."""

    def __init__(self, *answers: SendResult, **sender: Any) -> None:
        self.ledger = MortalLedger()
        self.sender = ScriptedSender([*answers] or [SENT], **sender)
        self.clock = FixedClock(NOW)
        self.account = an_account()
        self.delivery = Delivery(
            ledger=self.ledger,
            sender_of=lambda _channel: self.sender,
            account_of=lambda _channel, _name: self.account,
            refresh=lambda _channel, _name: False,
            http=NoHttp(),
            clock=self.clock,
        )
        enter(an_entry(), ledger=self.ledger)

    @property
    def entry(self) -> LedgerEntry:
        """The message as the ledger has it."""
        known = an_entry()
        return self.ledger.entries[known.record_id, known.message_id]

    def dispatch(self) -> None:
        """One delivery of the order."""
        known = an_entry()
        dispatch(known.record_id, known.message_id, delivery=self.delivery)

    def facts(self) -> Sequence[str]:
        """What was told."""
        return [event.detail_type.partition(".")[0] for event in self.ledger.events]
