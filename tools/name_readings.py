"""The table of name readings that identity/names reads, generated from pronunciation dictionaries.

python -m tools.name_readings            writes layers/rapport/rapport/identity/names/readings.json
python -m tools.name_readings --check    says whether it has drifted, and changes nothing

Sources, all needed only here and never at run time: Cantonese readings from ToJyutping (BSD
2-Clause; its dictionary is rime-cantonese, CC BY 4.0), Mandarin readings from pypinyin (MIT),
character variants from OpenCC as in opencc-python-reimplemented (Apache 2.0), English nicknames
from nicknames (Apache 2.0). Ours: further given names, the spelling rules of Hong Kong's
government romanisation (`tools/romanisation.py`), the rules from Hanyu Pinyin to Wade-Giles as
Taiwan's passports spell it, and the lists of surnames and of characters that are common in given
names.
"""

import importlib
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rapport.identity.names.latin import sound_of
from tools.romanisation import hong_kong_spellings, pinyin_spellings, wade_giles_spellings
from tools.surnames import (
    GIVEN_COMMON,
    GIVEN_FREQUENT,
    SURNAME_SPELLINGS,
    SURNAMES,
    SURNAMES_COMMON,
)

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "layers" / "rapport" / "rapport" / "identity" / "names" / "readings.json"

NOT_NICKNAMES = {
    ("robert", "bill"), ("robert", "billy"), ("robert", "dob"), ("william", "bela"),
    ("william", "bell"), ("john", "ian"),
}  # fmt: skip
"""Pairs of the source that join names of different persons far more often than of one."""

MORE_NICKNAMES = {
    "michelle": "shell mich", "alexander": "xander sasha alec", "alexandra": "sasha xandra",
    "christopher": "topher", "elizabeth": "liz eliza beth betty bess libby lilibet elisabeth",
    "theodore": "ted teddy theo", "mikhail": "misha", "aleksandr": "sasha", "dmitry": "dima",
    "vladimir": "vova volodya", "nikolai": "kolya", "ivan": "vanya", "yevgeny": "zhenya",
    "jose": "pepe", "francisco": "paco pancho", "ignacio": "nacho", "guadalupe": "lupe",
    "enrique": "quique", "eduardo": "edu lalo", "giuseppe": "beppe peppe", "giovanni": "gianni",
    "johannes": "hans jo", "friedrich": "fritz", "heinrich": "heinz", "katharina": "kathi kati",
    "kimberly": "kim kimmy", "kimberley": "kim", "terence": "terry", "raymond": "ray",
    "barack": "barry", "jennifer": "jen jenny jenn", "jessica": "jess jessie", "vivian": "viv",
    "nicholas": "nick nico", "benjamin": "ben benny", "samantha": "sam", "gregory": "greg",
    "deborah": "deb debbie", "stephanie": "steph", "anthony": "tony ant", "vincent": "vince",
    "jason": "jay jase", "natalie": "nat", "catherine": "kate kat cath", "ronald": "ron ronnie ro",
}  # fmt: skip


OTHER_GIVEN_NAMES = (
    "alvin alvis amber andes annabel anson apple aries armstrong aston athena aurora ava avery "
    "benson bernice beverley bianca bonnie boris brandon bruce byron candice carina carlos "
    "carmen catrina cecil celine charis cherry cleo cody colin corinna craig damon darren "
    "denise desmond dylan eason edison elise elsa elton elvis enoch eris ethan fion gavin gigi "
    "gladys glenda godfrey gordon grace graham harvey hayden hazel hebe hector hilda hugo icy "
    "ida ingrid iris jacky jade jaden jasmine jayden jayson jerome jocelyn jodie jojo jolie "
    "jordan juliana karen karina karl kaden keith kelvin kitty krystal kyle lance leona leticia "
    "lilian macy madeleine marcella marco marianne mario mavis mia nigel nina noelle oscar otto "
    "owen pansy phyllis queena queenie quincy rainbow rainie renee rex rhys rico robin rocky "
    "rosalind rosanna ruby rudolf ruth ryan sammi sean selina shane silvia snow sonia spencer "
    "stanley stewart summer sunny sylvia tania trevor trista troy una vania venus vera vinci "
    "violet wanda warren wayne winston xavier yolanda yoyo yuki yvette zita zoe"
)
"""Further given names that people have in Hong Kong and Taiwan, which have no nicknames."""


def read_folds() -> dict[str, str]:
    """Each variant, Traditional or regional character, and the Simplified one it folds to."""
    opencc: Any = importlib.import_module("opencc")
    dictionary = Path(opencc.__file__).parent / "dictionary"

    def pairs(name: str) -> dict[str, str]:
        lines = (dictionary / name).read_text(encoding="utf-8").splitlines()
        rows = [line.split("\t") for line in lines if "\t" in line]
        return {source: target.split()[0] for source, target in rows}

    regional = pairs("HKVariantsRev.txt") | pairs("TWVariantsRev.txt")
    simplified = pairs("TSCharacters.txt")
    folds = dict(simplified)
    for variant, standard in regional.items():
        folds[variant] = simplified.get(standard, standard)
    for standard, japanese in pairs("JPVariants.txt").items():
        if japanese != simplified.get(standard, standard):
            folds.setdefault(japanese, simplified.get(standard, standard))
    folds |= {"峯": "峰", "羣": "群", "晉": "晋", "曉": "晓", "綉": "绣", "昇": "升"}
    # 温 is the Simplified form of 溫 and a variant of it in Hong Kong: it stays itself.
    folds = {a: b for a, b in folds.items() if a != b and len(a) == len(b) == 1}
    return {a: b for a, b in folds.items() if b not in folds}


def is_used(character: str) -> bool:
    """Whether a character is in the sets in daily use: GB 2312, Big5 or its Hong Kong part."""
    for encoding in ("gb2312", "big5", "big5hkscs"):
        try:
            raw = character.encode(encoding)
        except UnicodeEncodeError:
            continue
        if encoding != "big5hkscs" or raw >= b"\xf9":
            return True
    return False


def toneless(readings: Iterable[str]) -> list[str]:
    """The first three different syllables, their tones left out, in the order given."""
    return list(dict.fromkeys(re.sub(r"\d", "", reading) for reading in readings))[:3]


def read_characters(folds: dict[str, str]) -> dict[str, tuple[list[str], list[str]]]:
    """Each folded character with its Jyutping and its Pinyin syllables, the usual first."""
    jyutping: Any = importlib.import_module("ToJyutping")
    pinyin: Any = importlib.import_module("pypinyin")
    table: dict[str, tuple[list[str], list[str]]] = {}
    listed = set(SURNAMES + GIVEN_FREQUENT + GIVEN_COMMON) - set(" \n")
    every = listed | {chr(code) for code in range(0x4E00, 0x9FFF) if is_used(chr(code))}
    # The folded character itself comes last: the Traditional one tells readings better.
    for character in sorted(every, key=lambda c: (c not in folds, c)):
        readings = jyutping.get_jyutping_candidates(character)[0][1]
        cantonese = toneless(readings) if readings else []
        heard = pinyin.pinyin(character, heteronym=True, style=pinyin.NORMAL, errors="ignore")
        mandarin = toneless(heard[0]) if heard else []
        known = table.setdefault(folds.get(character, character), ([], []))
        known[0].extend(r for r in cantonese if r not in known[0] and len(known[0]) < 4)
        known[1].extend(r for r in mandarin if r not in known[1] and len(known[1]) < 4)
    return table


def group_characters(table: dict[str, tuple[list[str], list[str]]]) -> dict[str, str]:
    """The same, written short: `jyutping …|pinyin …` and all the characters read so."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for character, (cantonese, mandarin) in table.items():
        if cantonese or mandarin:
            groups[f"{' '.join(cantonese)}|{' '.join(mandarin)}"].append(character)
    return {readings: "".join(sorted(groups[readings])) for readings in sorted(groups)}


def spell_surnames(
    table: dict[str, tuple[list[str], list[str]]], folds: dict[str, str]
) -> dict[str, str]:
    """Each surname (folded) and how it is spelled: `hong kong|pinyin|wade-giles|elsewhere`."""
    spelled: dict[str, str] = {}
    for surname in SURNAMES.split():
        folded = "".join(folds.get(c, c) for c in surname)
        own = SURNAME_SPELLINGS.get(surname, {})
        cantonese = own.get("jyutping", " ".join(table[c][0][0] for c in folded)).split()
        mandarin = own.get("pinyin", " ".join(table[c][1][0] for c in folded)).split()
        systems = (
            join_spellings([hong_kong_spellings(j) for j in cantonese]),
            join_spellings([pinyin_spellings(p) for p in mandarin]),
            join_spellings([wade_giles_spellings(p) for p in mandarin]),
        )
        also = own.get("also", "").split()
        for column, system in ((0, "hong_kong"), (2, "wade_giles")):
            extra = own.get(system, "").split()
            systems[column][:] = dict.fromkeys([*extra, *systems[column]])
        columns = [*systems, also]
        spelled[folded] = "|".join(" ".join(column) for column in columns)
    return dict(sorted(spelled.items()))


def join_spellings(parts: list[list[str]]) -> list[str]:
    """Every way to write the parts as one word."""
    words = [""]
    for spellings in parts:
        words = [word + spelling for word in words for spelling in spellings]
    return words


def spell_syllables(table: dict[str, tuple[list[str], list[str]]]) -> dict[str, dict[str, str]]:
    """Each Jyutping or Pinyin syllable and its spellings in a system, the usual one first."""
    cantonese = sorted({r for readings, _ in table.values() for r in readings})
    mandarin = sorted({r for _, readings in table.values() for r in readings if r.isascii()})
    spelled = {
        "hong_kong": {s: " ".join(hong_kong_spellings(s)) for s in cantonese},
        "pinyin": {s: " ".join(pinyin_spellings(s)) for s in mandarin},
        "wade_giles": {s: " ".join(wade_giles_spellings(s)) for s in mandarin},
    }
    return {name: {s: t for s, t in column.items() if t} for name, column in spelled.items()}


def read_nicknames() -> dict[str, str]:
    """Each English given name and its nicknames; names that sound alike share theirs."""
    nicknames: Any = importlib.import_module("nicknames")
    lookup: defaultdict[str, set[str]] = defaultdict(set)
    for name, nicks in nicknames.NickNamer().nickname_lookup.items():
        lookup[name] |= {n for n in nicks if (name, n) not in NOT_NICKNAMES and n.isalpha()}
    for name, more in MORE_NICKNAMES.items():
        lookup[name] |= set(more.split())
    others = OTHER_GIVEN_NAMES.split()
    lookup |= {name: set() for name in others if name not in lookup}
    by_sound: defaultdict[str, set[str]] = defaultdict(set)
    for name in lookup:
        if name.isalpha() and len(name) > 4:
            by_sound[sound_of(name)].add(name)
    for alike in by_sound.values():
        shared = set().union(*(lookup[name] for name in alike))
        for name in alike:
            lookup[name] |= shared - alike
    named = (n for n in sorted(lookup) if n.isalpha() and (lookup[n] or n in others))
    return {n: " ".join(sorted(lookup[n])) for n in named}


def build() -> dict[str, Any]:
    """The whole table, as it is written to the file."""
    folds = read_folds()
    table = read_characters(folds)
    folds = {a: b for a, b in folds.items() if is_used(a)}
    return {
        "about": "Generated by tools/name_readings.py; sources and licences are named there.",
        "folds": "".join(a + folds[a] for a in sorted(folds)),
        "characters": group_characters(table),
        "syllables": spell_syllables(table),
        "surnames": spell_surnames(table, folds),
        "surnames_common": fold_text(SURNAMES_COMMON, folds),
        "given_frequent": fold_text(GIVEN_FREQUENT, folds),
        "given_common": fold_text(GIVEN_COMMON, folds),
        "nicknames": read_nicknames(),
    }


def fold_text(text: str, folds: dict[str, str]) -> str:
    """Its different characters, folded, in order."""
    return "".join(dict.fromkeys(folds.get(c, c) for c in text if not c.isspace()))


def render(table: dict[str, Any]) -> str:
    """The file's text: one top-level entry a line, so that a change shows where it is."""
    rows = [
        f"{json.dumps(k)}:{json.dumps(v, ensure_ascii=False, separators=(',', ':'))}"
        for k, v in table.items()
    ]
    return "{\n" + ",\n".join(rows) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Write the file, or with --check compare it; the exit status says whether it was right."""
    text = render(build())
    if "--check" in arguments:
        fresh = TARGET.exists() and TARGET.read_text(encoding="utf-8") == text
        sys.stdout.write(f"{TARGET.name} is {'current' if fresh else 'out of date'}\n")
        return 0 if fresh else 1
    TARGET.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{TARGET.name}: {len(text.encode())} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
