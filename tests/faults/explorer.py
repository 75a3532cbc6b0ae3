"""Tell a story once for every call and every way in which that call can go wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.compare import EndState, difference, end_state
from tests.faults.stories import STORIES, Story
from tests.faults.verifications import promises
from tests.faults.world import World
from tests.platform.calls import Call

HARMLESS = frozenset({"throttled", "conflict", "refused"})
SENT = frozenset({"sent", "delivered", "read", "clicked"})
DISPATCH = "DispatchMessagesFunction"
DISPATCH_CODES = "DispatchCodesFunction"


@dataclass(frozen=True)
class Run:
    """One telling: its calls, its end with and without the ledger's part, and the promises about
    codes that were broken."""

    calls: list[Call]
    state: EndState
    rest: EndState
    hit: Call | None
    broken: list[str]


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
        hit, broken = world.cloud.hit, []
        if story.codes is not None:
            is_harmed = hit is not None and hit.function == DISPATCH_CODES
            broken = promises(world, world.verifications, story.codes, is_harmed=is_harmed)
        return Run(
            world.cloud.calls,
            end_state(world),
            end_state(world, without_ledger=True),
            hit,
            broken,
        )


def explore(story: Story, *, exhaustive: bool = True) -> Iterator[Verdict]:
    """Every fault of a story. Not `exhaustive`: a death after a call that another follows in the
    same invocation is left out, since it is the death before that other one."""
    base = tell(story)
    if base.state.dead or base.state.denied or base.broken:
        raise AssertionError(
            f"{story.name} fails undisturbed: {base.state.dead} {base.state.denied} {base.broken}"
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
    reasons += [f"codes: {one}" for one in run.broken]
    if run.hit is None or str(run.hit) != str(call):
        reasons.append(f"The story went another way before the fault: {run.hit}")
    if reasons:
        return Verdict(story.name, call, mode, "DIFFERS", reasons)
    differs = difference(base.state, run.state)
    if not differs:
        return Verdict(story.name, call, mode, "same")
    if call.function in (DISPATCH, DISPATCH_CODES):
        is_code = call.function == DISPATCH_CODES
        unlawful = _unlawful_code(run, call, mode) if is_code else _unlawful(run, call, mode)
        objections = difference(base.rest, run.rest) + unlawful
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
    is_harmless = mode in HARMLESS and call.operation != "UpdateItem"
    if is_harmless and "unknown" in statuses:
        found.append("Nothing had left, and yet the outcome is called unknown.")
    sent = sum(
        item["status"]["S"] in SENT and item["account_channel"]["S"] != "webchat"
        for item in run.state.ledger
    )
    if sent > run.state.deliveries:
        found.append("A message is called sent that nobody got.")
    return found


def _unlawful_code(run: Run, call: Call, mode: str) -> list[str]:
    """The same of a code's sending; what else it may not be is in `verifications.promises`."""
    is_harmless = mode in HARMLESS and call.operation != "UpdateItem"
    if is_harmless and "unknown" in run.state.codes:
        return ["Nothing had left, and yet the outcome is called unknown."]
    return []


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
