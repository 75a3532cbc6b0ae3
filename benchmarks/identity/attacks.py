"""What people do who want to be taken for others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from benchmarks.identity import population
from benchmarks.identity.population import Person

if TYPE_CHECKING:
    from benchmarks.identity.generate import World


@dataclass(frozen=True)
class Scene:
    """Who attacks whom, and when; `other` is a second victim."""

    world: World
    attacker: Person
    victim: Person
    other: Person
    at: datetime


def attack(world: World) -> None:
    """One attack by somebody on somebody else."""
    attacker, victim, other = world.chance.sample(world.people, 3)
    if len({attacker.household, victim.household, other.household}) < 3:
        return
    kinds = (_claim, _impersonate, _claim_then_verify, _bridge, _before, _call)
    world.chance.choice(kinds)(Scene(world, attacker, victim, other, world.moment(0.1, 0.9)))


def _note(world: World, event_id: str, kind: str, attacker: Person, *victims: Person) -> None:
    names = " ".join(one.person_id for one in victims)
    world.attacks.append((event_id, kind, attacker.person_id, names))
    person, tags, scored = world.actor[event_id]
    world.actor[event_id] = (person, f"{tags};attack:{kind}".strip(";"), scored)


def _browser(world: World) -> tuple[str, str, bool, str]:
    return "cookie", f"bk-{world.chance.getrandbits(60):015x}", True, "device"


def _claim(scene: Scene) -> None:
    """Own name, the victim's telephone."""
    world, attacker, victim, at = scene.world, scene.attacker, scene.victim, scene.at
    number = world.phone(victim.phones[0], verified=False, method="self")
    own = ("line_id", attacker.line_id, True, "channel")
    name = {"name": population.written(attacker, world.chance, 0.0)}
    event = world.say(attacker, at, "line", "member_bind_unverified", [own, number], name, "self")
    _note(world, event, "A1", attacker, victim)


def _impersonate(scene: Scene) -> None:
    """Everything of the victim's, nothing proven, from the attacker's own account."""
    world, attacker, victim, at = scene.world, scene.attacker, scene.victim, scene.at
    claims = [
        world.phone(attacker.phones[0], verified=True, method="channel"),
        ("email", victim.email, False, "self"),
        world.phone(victim.phones[0], verified=False, method="self"),
    ]
    told = {
        "name": population.written(victim, world.chance, 0.0),
        "dob": victim.born.isoformat(),
        "address": population.address_of(victim, world.chance),
    }
    event = world.say(attacker, at, "whatsapp", "profile_update", claims, told, "self")
    _note(world, event, "A2", attacker, victim)


def _claim_then_verify(scene: Scene) -> None:
    """The victim's e-mail claimed, the attacker's own telephone verified after."""
    world, attacker, victim, at = scene.world, scene.attacker, scene.victim, scene.at
    own = _browser(world)
    name = {"name": population.written(victim, world.chance, 0.0)}
    claims = [own, ("email", victim.email, False, "self")]
    event = world.say(attacker, at, "web", "signup", claims, name, "self")
    _note(world, event, "A3", attacker, victim)
    number = world.phone(attacker.phones[0], verified=True, method="otp")
    later = at + timedelta(minutes=3)
    event = world.say(attacker, later, "web", "phone_verified", [own, number])
    _note(world, event, "A3", attacker, victim)


def _bridge(scene: Scene) -> None:
    """One form that names two victims."""
    world, attacker, victim, at = scene.world, scene.attacker, scene.victim, scene.at
    claims = [
        _browser(world),
        ("email", victim.email, False, "self"),
        world.phone(scene.other.phones[0], verified=False, method="self"),
    ]
    name = {"name": population.written(victim, world.chance, 0.0)}
    event = world.say(attacker, at, "web", "signup", claims, name, "self")
    _note(world, event, "A4", attacker, victim, scene.other)


def _before(scene: Scene) -> None:
    """The victim's address claimed before its owner first verifies it."""
    world, attacker, victim = scene.world, scene.attacker, scene.victim
    claims = [_browser(world), ("email", victim.email, False, "self")]
    name = {"name": population.written(victim, world.chance, 0.0)}
    early = world.moment(0.0, 0.01)
    event = world.say(attacker, early, "web", "signup", claims, name, "self")
    _note(world, event, "A5", attacker, victim)


def _call(scene: Scene) -> None:
    """The victim's number shown as caller id, the questions failed."""
    world, attacker, victim, at = scene.world, scene.attacker, scene.victim, scene.at
    number = world.phone(victim.phones[0], verified=False, method="caller_id")
    name = {"name": population.written(victim, world.chance, 0.0)}
    event = world.say(attacker, at, "call", "call_kba_failed", [number], name, "none")
    _note(world, event, "A6", attacker, victim)
