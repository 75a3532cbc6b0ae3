"""Records of invented people, some told several times with slips of the hand, and how we find them.

Names, streets and places are made of syllables: they are nobody's, and frequent as in life (Zipf).
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.identity.dedupe import Row, link
from benchmarks.identity.public import HEADER, lines_of
from benchmarks.identity.scorer import assess
from rapport.identity.matching.training import train

_ONSETS = ("b", "br", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Noise:
    """Chances for each field of each copy: a slip of the hand, nothing told, another address."""

    slip: float = 0.12
    missing: float = 0.08
    moved: float = 0.1


def _words(chance: random.Random, count: int, syllables: int) -> list[str]:
    return [
        "".join(chance.choice(_ONSETS) + chance.choice(_VOWELS) for _ in range(syllables))
        for _ in range(count)
    ]


class People:
    """Draws people and what is written of them; the same seed draws the same."""

    def __init__(self, seed: int, noise: Noise) -> None:
        self._chance = random.Random(seed)
        self._noise = noise
        self._given, self._surnames = self._pool(300, 2), self._pool(900, 3)
        self._streets, self._cities = self._pool(700, 3), self._pool(120, 3)

    def _pool(self, count: int, syllables: int) -> tuple[list[str], list[float]]:
        weights = [1 / (rank + 3) for rank in range(count)]
        return _words(self._chance, count, syllables), weights

    def _pick(self, pool: tuple[list[str], list[float]]) -> str:
        return self._chance.choices(pool[0], pool[1])[0]

    def person(self) -> dict[str, str]:
        """A person, told without a slip."""
        born = (self._chance.randint(1930, 2010), self._chance.randint(1, 12))
        return {
            "given_name": self._pick(self._given),
            "surname": self._pick(self._surnames),
            "date_of_birth": f"{born[0]}-{born[1]:02d}-{self._chance.randint(1, 28):02d}",
            "gender": self._chance.choice("mf"),
            **self._address(),
        }

    def twin(self, of: Row) -> dict[str, str]:
        """Born the same day in the same house, with another given name."""
        given = self._chance.choice([name for name in self._given[0] if name != of["given_name"]])
        return {**of, "given_name": given, "gender": self._chance.choice("mf")}

    def _address(self) -> dict[str, str]:
        return {
            "street_number": str(self._chance.randint(1, 250)),
            "street": f"{self._pick(self._streets)} street",
            "city": self._pick(self._cities),
            "postcode": str(self._chance.randint(1000, 1900)),
        }

    def copy(self, of: Row) -> dict[str, str]:
        """The person as somebody else wrote it down."""
        told = dict(of)
        if self._chance.random() < self._noise.moved:
            told |= self._address()
        for attribute, text in of.items():
            if self._chance.random() < self._noise.missing:
                told[attribute] = ""
            elif self._chance.random() < self._noise.slip and attribute != "gender":
                told[attribute] = self._slip(told.get(attribute, text))
        return told

    def _slip(self, text: str) -> str:
        at = self._chance.randrange(len(text))
        letter = self._chance.choice("0123456789" if text[at].isdigit() else _LETTERS)
        kind = self._chance.randrange(4)
        if kind == 0 and len(text) > at + 1:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        if kind == 1:
            return text[:at] + text[at + 1 :]
        return text[:at] + letter + text[at + (kind == 2) :]


def generate(persons: int, seed: int, noise: Noise | None = None) -> tuple[list[Row], list[str]]:
    """Records in random order, and whose each is: one to four a person, one twin in fifty."""
    people, chance = People(seed, noise or Noise()), random.Random(seed + 1)
    told: list[tuple[Row, str]] = []
    previous = people.person()
    for number in range(persons):
        person = people.twin(previous) if number % 50 == 49 else people.person()
        told.append((person, f"person-{number}"))
        copies = chance.choices((0, 1, 2, 3), (5, 3, 1, 1))[0]
        told.extend((people.copy(person), f"person-{number}") for _ in range(copies))
        previous = person
    chance.shuffle(told)
    return [record for record, _ in told], [whose for _, whose in told]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="generated", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--persons", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    rows, whose = generate(args.persons, args.seed)
    ids = [str(number) for number in range(len(rows))]
    linked = link(ids, rows, train(rows))
    quality = assess(dict(zip(ids, whose, strict=True)), linked.persons)
    print("\n".join((HEADER, *lines_of("generated", quality, linked))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
