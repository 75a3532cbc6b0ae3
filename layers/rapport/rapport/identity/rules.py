"""The rules by which statements become customers, as data.

A business changes a document of this shape, tries it on stored evidence first (what would merge,
what would split), and applies it; the default is what we advise. The terms are those of Segment's
identity resolution: identifier types with priority, limit and window, blocked values, unique
identifiers, merge protection.
"""

import re
from functools import cached_property
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.survivorship import ProfileRules

Pair = tuple[str, str]

_REMEMBERED = 65_536
"""Values whose being blocked a process remembers."""

_VOLATILE_WINDOW_DAYS = 7
"""Cookies are deleted and devices replaced: only how many came lately says anything."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))


class Namespace(_Document):
    """How identifiers of one type behave.

    `priority`: the lower, the more an identifier says about whose a statement is. `joins_from`: the
    assurance from which it may join people (none: never). `exclusive`: a person has one at most, so
    two of them are two people. `mentioned`: staff write it down as a means of contact, so that it
    may be a second field beside a name they vouch for. `limit`: how many different ones a customer
    may show within `window_days` (none: ever); a merge that would exceed it does not happen.
    `holds_one`: of these namespaces, a value of this one goes with a single value at a time; with
    more (several logins in one browser), and no name in common, it is a shared one.
    """

    name: str
    priority: Annotated[int, Field(ge=0)]
    joins_from: Assurance | None = Assurance.CHANNEL
    exclusive: bool = False
    mentioned: bool = False
    limit: Annotated[int, Field(ge=1)] | None = None
    window_days: Annotated[int, Field(ge=1)] | None = None
    holds_one: tuple[str, ...] = ()

    def joins(self, identifier: Identifier) -> bool:
        """Whether `identifier` is vouched for well enough to join."""
        return self.joins_from is not None and identifier.assurance.rank >= self.joins_from.rank


class Blocked(_Document):
    """Values that are nobody's: a regular expression over the whole comparable spelling.

    `namespace` empty: of any. `role` values are real but belong to an office: they join nobody
    either, and differ in that what is written from there is still worth an answer.
    """

    pattern: str
    namespace: str = ""
    role: bool = False

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            re.compile(self.pattern)
        except re.error as wrong:
            raise ValueError(f"This is no regular expression: {wrong}.") from None
        return self


DEFAULT_NAMESPACES = (
    Namespace(name="user_id", priority=0, exclusive=True),
    Namespace(name="national_id", priority=1, joins_from=Assurance.VERIFIED, exclusive=True),
    Namespace(name="loyalty", priority=2, exclusive=True),
    Namespace(name="line_id", priority=3, limit=5),
    Namespace(name="bsuid", priority=3, limit=5),
    Namespace(name="email", priority=4, mentioned=True, limit=10),
    Namespace(name="phone", priority=5, mentioned=True, limit=10),
    Namespace(
        name="anonymous_id",
        priority=6,
        limit=20,
        window_days=_VOLATILE_WINDOW_DAYS,
        holds_one=("user_id", "email"),
    ),
)

SENDER = "sender"
"""The namespace of a sender as such: what it says without proof of more is one person's."""

DEFAULT_OTHER = Namespace(name="", priority=5, limit=10)

DEFAULT_BLOCKED = (
    # What forms are filled with where somebody did not want to say.
    Blocked(namespace="phone", pattern=r"\+\d{1,3}?(\d)\1{6,}"),
    Blocked(namespace="phone", pattern=r"\+\d{1,4}?(0?12345678\d{0,2}|87654321|98765432\d{0,2})"),
    Blocked(
        namespace="email",
        pattern=r"(test|testing|tester|asdf|qwerty|abc|aaa+|xxx+|none|null|nil|na|n\.a|no|noemail|"
        r"no-?mail|unknown|anonymous|guest|dummy|fake|example)"
        r"\d{0,4}@.+",
    ),
    # RFC 2606, but for example.com and the like, with which everybody tries us first.
    Blocked(namespace="email", pattern=r".+@(.+\.)?(test|invalid|localhost)(\.\w{2,3})?"),
    Blocked(
        namespace="email", pattern=r".+@(test|none|no|null|nomail|noemail|abc|aaa|xxx|asdf)\.\w+"
    ),
    # RFC 2142 and what offices call theirs: many people write from these.
    Blocked(
        namespace="email",
        role=True,
        pattern=r"(info|office|admin|administrator|sales|hello|hi|contact|contactus|contact-us|"
        r"enquiry|enquiries|inquiry|inquiries|support|help|helpdesk|service|services|cs|customerservice|"
        r"customer-service|customercare|care|accounts?|accounting|billing|finance|payroll|hr|jobs|"
        r"careers|recruitment|marketing|media|press|pr|reception|frontdesk|front-desk|secretary|"
        r"general|mail|mailbox|email|team|staff|shop|store|orders?|order|booking|bookings|"
        r"reservations?|purchasing|procurement|logistics|operations|ops|it|tech|legal|webmaster|"
        r"postmaster|hostmaster|abuse|security|noc|noreply|no-reply|donotreply|do-not-reply|"
        r"company|business|manager|management|director|desk|branch|hq)(\d{0,3}|[._+-].*)@.+",
    ),
    # What broken integrations send in place of an id.
    Blocked(
        pattern=r"[0-]*|-1|null|nil|none|nan|undefined|unknown|anonymous|guest|true|false|n/a|"
        r"\[object object\]",
    ),
)


class Rules(_Document):
    """Everything `resolution.resolve` may be told.

    `version` names the document. `near_days`: a nameless statement from a shared identifier is that
    of the named one this near in time, where nobody else is; or of the one who was there
    `principal_times` as often as all others together; else it stays alone. `join_bits`,
    `review_bits`: match weights (log2 of the odds) at which statements that staff stand behind are
    joined, or shown to a person to decide. `profile`: which of several values of a trait is shown.
    """

    version: str = "default-1"
    namespaces: tuple[Namespace, ...] = DEFAULT_NAMESPACES
    other: Namespace = DEFAULT_OTHER
    blocked: tuple[Blocked, ...] = DEFAULT_BLOCKED
    protected: tuple[str, ...] = ("user_id", "national_id", "loyalty")
    near_days: Annotated[float, Field(ge=0)] = 2.0
    principal_times: Annotated[float, Field(gt=1)] = 8.0
    join_bits: float = 7.0
    review_bits: float = 0.0
    profile: ProfileRules = ProfileRules()

    def namespace(self, name: str) -> Namespace:
        """The rule for identifiers of that type; unknown types are treated as `other`."""
        return self._by_name.get(name, self.other)

    def is_blocked(self, pair: Pair) -> bool:
        """Whether this value is nobody's, or an office's."""
        known = self._judged.get(pair)
        if known is None:
            if len(self._judged) >= _REMEMBERED:
                self._judged.clear()
            pattern = self._pattern(pair[0])
            known = self._judged[pair] = bool(pattern and pattern.fullmatch(pair[1]))
        return known

    @cached_property
    def smallest_limit(self) -> int:
        """A customer of no more statements than this is within every limit."""
        limits = [one.limit for one in (*self.namespaces, self.other) if one.limit is not None]
        return min(limits, default=2**31)

    @cached_property
    def reader(self) -> object:
        """Stands for these rules with what they read, which need not hold on to them."""
        return object()

    @cached_property
    def read(self) -> dict[str, Any]:
        """Statements as read by these rules: `evidence.read_fact` remembers them here."""
        return {}

    def _pattern(self, namespace: str) -> re.Pattern[str] | None:
        if namespace not in self._patterns:
            patterns = [one.pattern for one in self.blocked if one.namespace in ("", namespace)]
            whole = "|".join(f"(?:{one})" for one in patterns)
            self._patterns[namespace] = re.compile(whole, re.IGNORECASE) if patterns else None
        return self._patterns[namespace]

    @cached_property
    def _by_name(self) -> dict[str, Namespace]:
        own = Namespace(name=SENDER, priority=9)
        return {SENDER: own} | {one.name: one for one in self.namespaces}

    @cached_property
    def _patterns(self) -> dict[str, re.Pattern[str] | None]:
        return {}

    @cached_property
    def _judged(self) -> dict[Pair, bool]:
        return {}

    @cached_property
    def _hashed(self) -> int:
        return hash(self.model_dump_json())

    def __hash__(self) -> int:
        return self._hashed
