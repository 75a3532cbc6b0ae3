"""What sources say, in few words: statements and the people that follow from them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import Component, Decision, DecisionKind, Resolution, Signal, Statement
from rapport.identity.matching import Matcher, default_model
from rapport.identity.model import Attestation, Source
from rapport.identity.resolution import resolve
from rapport.identity.rules import Rules

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
MATCHER = Matcher(default_model())
PHONE, OTHER_PHONE = "+85291230001", "+85291230002"
MAIL, OTHER_MAIL = "tai.man@mail.hk", "mei.ling@mail.hk"
BROWSER, OTHER_BROWSER = "browser-1", "browser-2"


def vouched(namespace: str, value: str, method: str = "channel") -> Identifier:
    """An identifier that a platform stands behind."""
    return Identifier(namespace, value, Assurance.CHANNEL, method)


def proven(namespace: str, value: str, method: str = "otp") -> Identifier:
    """An identifier that the person proved to hold."""
    return Identifier(namespace, value, Assurance.VERIFIED, method)


def claimed(namespace: str, value: str, method: str = "self") -> Identifier:
    """An identifier that somebody merely names."""
    return Identifier(namespace, value, Assurance.CLAIMED, method)


def say(
    key: str,
    *identifiers: Identifier,
    name: str = "",
    day: float = 0,
    attestation: Attestation | None = None,
    channel: str = "whatsapp",
    **attributes: str,
) -> Statement:
    """A statement called `stm_<key>`, `day` days after the start."""
    told = {"full_name": name, **attributes} if name else attributes
    at = START + timedelta(days=day)
    sender = next((one.value for one in identifiers if one.assurance.rank), key)
    return Statement(
        statement_id=f"stm_{key}",
        record_id=f"rec_{sender}",
        source=Source(channel, "main", sender),
        channel=channel,
        at=at,
        heard_at=at,
        event_id=f"evt_{key}",
        identifiers=identifiers,
        attributes=told,
        attestation=attestation or (Attestation.SELF if told else Attestation.NONE),
    )


def decided(
    key: str, kind: DecisionKind, left: str, right: str = "", withdraws: str = ""
) -> Decision:
    """A decision, later ones by a later key."""
    at = START + timedelta(days=100, minutes=int(key))
    return Decision(f"dec_{key}", kind, at, "agent", f"stm_{left}", right and f"stm_{right}",
                    withdraws=withdraws)  # fmt: skip


def deactivated(phone: str, day: float) -> Signal:
    """The carrier's notice that a number was given up."""
    at = START + timedelta(days=day)
    return Signal("phone_deactivated", "phone", phone, at, f"evt_gone_{day}")


def resolved(
    *statements: Statement,
    signals: Sequence[Signal] = (),
    decisions: Iterable[Decision] = (),
    rules: Rules | None = None,
) -> Resolution:
    """What follows from all this."""
    component = Component("cmp_1", statements, tuple(signals), tuple(decisions))
    return resolve(component, rules or Rules(), MATCHER)


def people(resolution: Resolution) -> set[str]:
    """The customers, each as the sorted keys of its statements: `{"a b", "c"}`."""
    return {" ".join(sorted(one[4:] for one in members)) for members in resolution.customers}
