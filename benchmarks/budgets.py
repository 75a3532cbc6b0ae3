"""The numbers we hold: design.md's table, and which stages of the stories each row counts."""

from dataclasses import dataclass

CPU_RATIO = 1.5
COLD_RATIO = 1.6

IDENTITY_PER_SECOND = 10_000
"""Events a core takes where identity needs no network, of all kinds as they are mixed."""
IDENTITY_P99_US = 500


@dataclass(frozen=True)
class Row:
    """A path of the table. None as a budget: reported, not held.

    `cpu`: whether its CPU time is measured against its floor program.
    """

    title: str
    stages: tuple[str, ...]
    calls: int | None = None
    units: int | None = None
    cpu: bool = False
    cpu_ratio: float | None = None


ROWS = (
    Row("Inbound message: webhook to queued", ("inbound queued",), 1, 0, True, CPU_RATIO),
    Row("  three messages in one webhook", ("three queued",), 1, 0),
    Row("  known sender to stored", ("inbound stored",), 3, 5, True, CPU_RATIO),
    Row("  the same, and a conversation begins", ("opening stored",), cpu=True),
    Row("  unknown sender to stored", ("new sender",), cpu=True),
    Row("  conversation begun: to assigned, on a screen", ("opening on screen",), None, 3),
    Row("  conversation running: to its agent's screen", ("inbound on screen",), None, 3),
    Row("Registration of somebody unknown", ("registered",)),
    Row("  of a known customer: an identifier joins", ("identifier joins",), 4, 12),
    Row("  the same: name and birth date join", ("matched insert",), 4, 12),
    Row("  two customers become one", ("customers merge",), 4, 20),
    Row("    and their conversations follow", ("conversations follow",)),
    Row("Agent's answer: request to provider called", ("answer",), 6, 5, True, CPU_RATIO),
    Row("  the same with an Idempotency-Key", ("answer with key",)),
    Row(
        "Code for a customer: start and check",
        ("code for a customer: start", "code for a customer: right"),
        8,
        8,
        True,
        CPU_RATIO,
    ),
    Row(
        "  the same, a wrong guess first",
        tuple(f"code after a wrong one: {part}" for part in ("start", "wrong", "right")),
    ),
    Row(
        "  for an address",
        ("code for an address: start", "code for an address: right"),
        8,
        8,
    ),
    Row("  sent", ("code for an address: sent",)),
    Row("  counted by the fraud guard", ("code for an address: counted",)),
    Row("Receipt to stored: delivered", ("receipt: delivered",), 3, 2, True, CPU_RATIO),
    Row("  sent", ("receipt: sent",), 3, 2),
    Row("  read", ("receipt: read",), 3, 2),
    Row("  read, without our reference", ("receipt: found",), 3, 2),
)


@dataclass(frozen=True)
class Price:
    """A path whose cost per million is held at `usd`; None: reported."""

    title: str
    stages: tuple[str, ...]
    usd: float | None = None


PRICES = (
    Price("Inbound message, stored", ("inbound queued", "inbound stored"), 5.00),
    Price(
        "Inbound message, on its agent's screen",
        ("inbound queued", "inbound stored", "inbound on screen"),
        7.50,
    ),
    Price(
        "Inbound message that begins a conversation, on a screen",
        ("inbound queued", "opening stored", "opening on screen"),
    ),
    Price("Agent's answer, sent", ("answer",), 4.50),
    Price("Agent's answer, sent, on screens and on the bus", ("answer", "answer, afterwards")),
    Price(
        "Code for a customer: started and checked",
        ("code for a customer: start", "code for a customer: right"),
        9.00,
    ),
    Price(
        "Code for a customer: started, sent, counted and checked",
        tuple(f"code for a customer: {part}" for part in ("start", "sent", "counted", "right")),
    ),
    Price("Delivery receipt, stored", ("receipt: delivered",), 3.20),
    Price(
        "Delivery receipt, stored, on screens and on the bus",
        ("receipt: delivered", "receipt: delivered, afterwards"),
    ),
)
