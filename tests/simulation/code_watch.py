"""What must hold of one-time codes (V8, V10): after every single call, and in each calm."""

import json
import re
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any

from local.twins.codes import Code
from local.twins.state import Delivered
from rapport.contracts.events import Envelope
from rapport.contracts.identity import Assurance
from rapport.contracts.otp import CodeOrdered, CodeRefused, VerificationApproved
from rapport.identity.graph import Component
from rapport.otp.codes import pseudonym
from rapport.otp.guard_books import minute_of
from rapport.otp.guard_rules import GuardRules
from rapport.otp.keys import subject_of
from rapport.otp.model import Refusal, Session, Subject, Verification
from tests.faults.verifications import objections
from tests.simulation.plain import plain
from tests.simulation.platform import Platform
from tests.simulation.timeline import MINUTE
from tests.simulation.watch import Broken
from tests.tables import PSEUDONYM_KEY

COVERED_FOR = timedelta(hours=23)
"""After its end a code is covered for a day; clocks may be ten minutes off."""

AROUND = 15 * MINUTE
"""How long before and after a clock is off a count may come twice: it is off by ten minutes at
most, and a book remembers five."""

Told = dict[tuple[str, int], list[int]]
"""When (milliseconds of the world) what was told of an operator's codes that began in a minute."""

NUMBER = re.compile(r"(?<![0-9A-Za-z])[0-9]{6}(?![0-9A-Za-z])")


class CodeWatch:
    """Counts by itself what the store counts. `guesses`: what was said of which verification."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.guesses: dict[str, set[str]] = defaultdict(set)
        self.codes: dict[str, str] = {}
        self.approved: dict[str, Verification] = {}
        self._replaced: set[str] = set()
        self._digests: dict[str, str] = {}
        self._subjects: dict[str, Subject] = {}
        self._sessions: dict[str, Session] = {}
        self._failures: Counter[str] = Counter()
        self._wrong: dict[str, list[str]] = defaultdict(list)
        self._sent: Counter[str] = Counter()
        self._started: Told = defaultdict(list)
        self._answered: Told = defaultdict(list)
        self._ends: dict[str, tuple[str, datetime]] = {}
        self._seen = 0

    def after(self, port: str, method: str, arguments: tuple[Any, ...]) -> None:
        """A call took effect; raises `Broken`."""
        if port == "verifications":
            self._verification(method, arguments)
        elif port == "messages" and method == "add":
            self._message(arguments[0].key)
        elif port == "guard_books" and method == "save_prefix":
            self._counted_once(arguments[0].operator)

    def reached(self, message: Delivered, code: Code) -> None:
        """A code is on a telephone: the one of its verification, once an attempt."""
        place = message.status_callback or message.reference or ""
        self._sent[place] += 1
        if self._sent[place] > 1:
            raise Broken("V2", f"{place} was sent {self._sent[place]} times")
        name = code.verification_id or ""
        if self.codes.setdefault(name, code.code) != code.code:
            raise Broken("V8", f"{name} has two codes")

    def settle(self) -> None:
        """In a calm: nothing is lost, and no code lies anywhere; raises `Broken`."""
        self._nothing_is_lost()
        self._senders_are_verified()
        stores = self.platform.stores.named
        known = set(self.codes.values())
        for port, twin in stores.items():
            if port == "messages":
                continue  # what was said a day later lies there as it was said
            found = known & set(NUMBER.findall(json.dumps(plain(vars(twin)))))
            if found:
                raise Broken("V10", f"{port} holds a code in clear")

    # --- each call -----------------------------------------------------------------------------

    def _verification(self, method: str, arguments: tuple[Any, ...]) -> None:
        store = self.platform.stores.verifications
        events, self._seen = store.events[self._seen :], len(store.events)
        first = arguments[0]
        if method == "note_failure":
            before, now = self._sessions.get(first, Session()), store.sessions[first]
            if now.failures != before.failures + 1:
                raise Broken("V8", f"a guess at a session counts {now.failures - before.failures}")
            self._sessions[first] = now
            return
        touched = _touched(first)
        if method == "begin":
            self._sessions[first.session] = store.sessions[first.session]
            self._replaces(first)
        for event in events:
            self._tells(event, store.subjects)
        told = " ".join(str(event.data) for event in events)
        for digest in touched:
            old, new = self._subjects.get(digest, Subject()), store.subjects.get(digest, Subject())
            self._subjects[digest] = new
            for objection in objections(old, new, told):
                raise Broken("V8", objection)
            if new.failures != self._failures[digest]:
                raise Broken("V8", f"{new.failures} failures, not {self._failures[digest]}")
            one = new.verification
            if one is not None and one.checks != len(self._wrong[one.verification_id]):
                raise Broken("V8", f"{one.verification_id} has lost a guess, or counts one twice")
            if one is not None:
                self._ends[one.verification_id] = (one.session, one.ends_at)

    def _tells(self, event: Envelope, subjects: dict[str, Subject]) -> None:
        name = str(event.data.get("verification_id"))
        held = subjects.get(subject_of(name) or "", Subject()).verification
        if held is None or held.verification_id != name:
            return
        both = {held.subject, held.address_digest}
        match event.detail_type:
            case CodeRefused.detail_type if event.data["reason"] == Refusal.WRONG:
                # The latest guess is remembered; one that comes again after another counts anew.
                if event.metadata.event_id in self._wrong[name][-1:]:
                    raise Broken("V8", f"one guess at {name} counts twice")
                self._wrong[name].append(event.metadata.event_id)
                self._failures.update(both)
            case VerificationApproved.detail_type:
                self._approves(name, held)
                self._answered[self._minute(event)].append(self.platform.timeline.ms)
                for digest in both if held.address_failed or held.checks else {held.subject}:
                    self._failures[digest] = 0
            case CodeOrdered.detail_type if event.data["is_first"]:
                self._started[self._minute(event)].append(self.platform.timeline.ms)

    def _approves(self, name: str, held: Verification) -> None:
        if name in self.approved:
            raise Broken("V8", f"{name} is approved twice")
        if self.codes.get(name) not in self.guesses[name]:
            raise Broken("V8", f"{name} is approved, and nobody said its code")
        self.approved[name] = held

    def _message(self, key: str) -> None:
        """V10: a code is covered where its answer is stored."""
        stored = self.platform.stores.messages.messages[key]
        said = set(NUMBER.findall(str(stored)))
        if not said:
            return
        digest = self._digest(stored.record_id)
        for name, code in self.codes.items():
            session, ends_at = self._ends[name]
            is_fresh = self.platform.timeline.now() < ends_at + COVERED_FOR
            if code in said and session == digest and is_fresh:
                raise Broken("V10", f"{key} holds the code of {name}")

    def _digest(self, record_id: str) -> str:
        known = self._digests.get(record_id)
        if known is None:
            known = pseudonym(PSEUDONYM_KEY.encode(), "session", record_id)
            self._digests[record_id] = known
        return known

    # --- the guard's counts --------------------------------------------------------------------

    @staticmethod
    def _minute(event: Envelope) -> tuple[str, int]:
        started = datetime.fromisoformat(str(event.data["started_at"]))
        return str(event.data["operator"]), minute_of(started)

    def _totals(self, operator: str) -> tuple[int, int, int]:
        """What the books hold: starts, approvals, and the first minute that they speak of."""
        found = self.platform.stores.guard_books.prefixes
        totals = [book.totals for (name, _), book in found.items() if name == operator]
        minutes = [minute for one in totals for minute in one]
        tallies = [tally for one in totals for tally in one.values()]
        starts, approvals = sum(one[0] for one in tallies), sum(one[1] for one in tallies)
        return starts, approvals, min(minutes, default=0)

    def _counted_once(self, operator: str) -> None:
        """Twice at most what was told while clocks were off: it is remembered by its time, and a
        clock that is ahead by minutes makes the reader forget what comes again."""
        starts, approvals, first = self._totals(operator)
        most = [
            len(told) + sum(map(self._is_doubtful, told))
            for told in (_since(one, operator, first) for one in (self._started, self._answered))
        ]
        if starts > most[0] or approvals > most[1]:
            raise Broken("V8", f"{operator} counts {starts} and {approvals} of {most}")

    def _is_doubtful(self, ms: int) -> bool:
        """Whether a clock was off then, or may have been until a batch of then came again."""
        clocks = self.platform.weather.clocks
        return any(one.start - AROUND <= ms <= one.end + AROUND for one in clocks)

    def _nothing_is_lost(self) -> None:
        """What was started in the last hours before the latest count is in the books."""
        if self.platform.uncounted:
            return  # a reader that failed for minutes gave up, and says so by an alarm
        now = self.platform.timeline.now()
        late = minute_of(now - GuardRules().long_window + timedelta(minutes=40))
        for operator in {name for name, _ in self._started}:
            starts, approvals, _ = self._totals(operator)
            if starts < len(_since(self._started, operator, late)):
                raise Broken("V8", f"{operator} has lost a start: {starts}")
            if approvals < len(_since(self._answered, operator, late)):
                raise Broken("V8", f"{operator} has lost an approval: {approvals}")

    # --- what an answer in a chat proves -------------------------------------------------------

    def _replaces(self, begun: Verification) -> None:
        """Another code for the same subject: what is still on its way to identity gets lost.

        Only then: the answer was judged, its message is stored nowhere yet, since each delivery of
        it died, and the next one finds another verification in its place.
        """
        for name, one in self.approved.items():
            if one.subject == begun.subject and not self._is_proven(one):
                ingests = {m.ingest_id for m in self.platform.stores.messages.messages.values()}
                if one.approval not in ingests:
                    self._replaced.add(name)

    def _is_proven(self, one: Verification) -> bool:
        identities = self.platform.stores.identities
        record = next((r for r in identities.by_id if self._digest(r) == one.session), None)
        if record is None or one.step_up:
            return True  # answered on the shop's own page, or too little to prove anything
        return any(
            (item.value, item.assurance) == (one.address, Assurance.VERIFIED)
            for component in identities.components.values()
            if isinstance(component, Component)
            for statement in component.statements
            if statement.record_id == record
            for item in statement.identifiers
        )

    def _senders_are_verified(self) -> None:
        """V1: whoever said the right code in a chat holds the address from then on."""
        for name, one in self.approved.items():
            if name not in self._replaced and not self._is_proven(one):
                raise Broken("V1", f"{name} was answered rightly in a chat that is not verified")


def _touched(first: Any) -> list[str]:
    if isinstance(first, Verification):
        return [first.subject, first.address_digest]
    return [subject_of(str(first)) or ""]


def _since(told: Told, operator: str, first: int) -> list[int]:
    return [
        ms
        for (name, minute), each in told.items()
        if name == operator and minute >= first
        for ms in each
    ]
