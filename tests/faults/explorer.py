"""Tell a story once for every call and every way in which that call can go wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.compare import EndState, difference, end_state
from tests.faults.stories import STORIES, Story
from tests.faults.world import World
from tests.platform.calls import Call

SENT = frozenset({"sent", "delivered", "read", "clicked"})
DISPATCH = "DispatchMessagesFunction"


@dataclass(frozen=True)
class Run:
    """One telling: its calls, and its end with and without the ledger's part."""

    calls: list[Call]
    state: EndState
    rest: EndState
    hit: Call | None


@dataclass
class Verdict:
    """What one fault did. `outcome`: `same`, `allowed`, or `DIFFERS` with the reasons."""

    story: str
    call: Call
    mode: str
    outcome: str
    reasons: list[str] = field(default_factory=list)

    @property
    def command(self) -> str:
        """Tells this one again, with its calls."""
        place = f"--story {self.story} --call {self.call.number} --mode {self.mode}"
        return f"python -m tests.faults {place}"


def tell(story: Story, fault: tuple[int, str] | None = None) -> Run:
    """Tell a story, with a fault or without, until all is quiet."""
    with World() as world:
        with world.uncounted():
            story.given(world)
        world.cloud.fault = fault
        story.told(world)
        world.run_until_quiet()
        world.step()
        world.catch_up()
        return Run(
            world.cloud.calls,
            end_state(world),
            end_state(world, without_ledger=True),
            world.cloud.hit,
        )


def explore(story: Story, *, exhaustive: bool = True) -> Iterator[Verdict]:
    """Every fault of a story. Not `exhaustive`: a death after a call that another follows in the
    same invocation is left out, since it is the death before that other one."""
    base = tell(story)
    if base.state.dead or base.state.denied:
        raise AssertionError(
            f"{story.name} fails undisturbed: {base.state.dead} {base.state.denied}"
        )
    lasts = {call.invocation: call.number for call in base.calls}
    for call in base.calls:
        for mode in call.modes:
            if mode == "after" and not exhaustive and lasts[call.invocation] != call.number:
                continue
            yield judge(story, base, call, mode)


def judge(story: Story, base: Run, call: Call, mode: str) -> Verdict:
    """Tell the story with one fault, and hold its end against the undisturbed one."""
    try:
        run = tell(story, (call.number, mode))
    except AssertionError as error:
        return Verdict(story.name, call, mode, "DIFFERS", [str(error)])
    reasons = [f"dead letter: {one}" for one in run.state.dead]
    reasons += [f"denied: {one}" for one in run.state.denied]
    if run.hit is None or str(run.hit) != str(call):
        reasons.append(f"The story went another way before the fault: {run.hit}")
    if reasons:
        return Verdict(story.name, call, mode, "DIFFERS", reasons)
    differs = difference(base.state, run.state)
    if not differs:
        return Verdict(story.name, call, mode, "same")
    if call.function == DISPATCH:
        objections = difference(base.rest, run.rest) + _unlawful(run, call, mode)
        if not objections:
            return Verdict(story.name, call, mode, "allowed")
        differs = objections + differs
    return Verdict(story.name, call, mode, "DIFFERS", differs)


def _unlawful(run: Run, call: Call, mode: str) -> list[str]:
    """What a sending may come to: sent once, or unknown and delivered at most once.

    Where the fault certainly left nothing behind, and the process lived, it must be sent.
    """
    statuses = [item["status"]["S"] for item in run.state.ledger]
    found = [f"A message ends as {one}." for one in statuses if one not in SENT | {"unknown"}]
    if run.state.deliveries > len(statuses):
        found.append(f"{len(statuses)} messages were delivered {run.state.deliveries} times.")
    is_harmless = mode in ("throttled", "conflict", "refused")
    if is_harmless and "unknown" in statuses and call.operation != "UpdateItem":
        found.append("Nothing had left, and yet the outcome is called unknown.")
    sent = sum(
        item["status"]["S"] in SENT and item["account_channel"]["S"] != "webchat"
        for item in run.state.ledger
    )
    if sent > run.state.deliveries:
        found.append("A message is called sent that nobody got.")
    return found


def table(verdicts: list[Verdict], seconds: dict[str, float]) -> str:
    """Story × calls × outcomes."""
    lines = [
        f"{'story':<16}{'calls':>6}{'runs':>6}{'same':>6}{'allowed':>9}{'DIFFERS':>9}{'seconds':>9}"
    ]
    for name in STORIES:
        own = [one for one in verdicts if one.story == name]
        if not own:
            continue
        counts = Counter(one.outcome for one in own)
        calls = len({one.call.number for one in own})
        lines.append(
            f"{name:<16}{calls:>6}{len(own):>6}{counts['same']:>6}{counts['allowed']:>9}"
            f"{counts['DIFFERS']:>9}{seconds.get(name, 0.0):>9.1f}"
        )
    return "\n".join(lines)
