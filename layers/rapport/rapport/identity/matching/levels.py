"""How alike two values are, as levels that a model weighs: 0 is the best level of a component.

A comparison of two values gives outcomes, one a component of which both sides tell something; what
is missing gives none. An outcome may carry a key: the agreeing value, by which its frequency is
known.
"""

from rapidfuzz.distance import OSA, JaroWinkler

from rapport.identity.matching.nicknames import is_nickname
from rapport.identity.matching.values import (
    AddressValue,
    BirthValue,
    EmailValue,
    NameValue,
    TextValue,
)
from rapport.identity.names import Name, NameLevel, compare_names

Outcome = tuple[str, int, str, str]
"""What came of comparing one component: its name, the level, and the two values.

The values stand there where their frequency matters: the same twice where they agree, both where
one may be the other misspelt; else they are empty. A plain tuple: a comparison makes ten of them.
"""


_WHOLE_NAMES = {
    NameLevel.EXACT: 0,
    NameLevel.FORM: 1,
    NameLevel.NICKNAME: 2,
    NameLevel.TYPO: 3,
    NameLevel.PARTIAL: 4,
    NameLevel.SIBLING: 5,
    NameLevel.CONFLICT: 6,
}


def judged(component: str, level: int, one: str, two: str, alike: int = 2) -> Outcome:
    """The outcome of a level; the values count up to the level `alike`."""
    return (component, level, one, two) if level <= alike else (component, level, "", "")


LEVELS: dict[str, tuple[str, ...]] = {
    "whole_name": ("exact", "form", "nickname", "typo", "partial", "sibling", "conflict"),
    "given": ("exact", "close", "fuzzy", "nickname", "initial", "elsewhere", "other"),
    "middle": ("exact", "close", "initial", "other"),
    "surname": ("exact", "close", "fuzzy", "part", "elsewhere", "other"),
    "order": ("same", "swapped"),
    "birth": ("exact", "edit", "swapped", "two_parts", "near", "year", "other"),
    "birth_year": ("same", "other"),
    "number": ("exact", "edit", "other"),
    "number_in_street": ("exact", "edit", "other"),
    "street": ("exact", "close", "shifted", "fuzzy", "other"),
    "unit": ("exact", "close", "fuzzy", "other"),
    "postcode": ("exact", "edit", "area", "other"),
    "city": ("exact", "close", "fuzzy", "other"),
    "region": ("exact", "close", "other"),
    "email": ("exact", "close", "local", "fuzzy", "domain", "other"),
    "phone": ("exact", "edit", "other"),
    "national_id": ("exact", "edit", "fuzzy", "other"),
    "gender": ("exact", "other"),
    "text": ("exact", "close", "fuzzy", "other"),
}
"""The levels of each component, best first; `text` serves every attribute not named here."""


_PARTS = ("street", "number", "unit", "postcode", "city", "region")


def told_by(compared: str, value: object) -> list[tuple[str, tuple[str, ...]]]:
    """The components that a value may bring up in a comparison, and its texts that may agree there.

    A name's parts may stand in one another's place.
    """
    match value:
        case NameValue():
            parts = tuple(part for part in (value.given, value.surname) if part)
            middle = (value.middle,) if value.middle else ()
            return [("given", parts), ("surname", parts), ("order", ()), ("middle", middle)]
        case BirthValue():
            dates = (value.digits,) if value.is_complete else ()
            return [("birth", dates), ("birth_year", ())]
        case AddressValue():
            told = {part: getattr(value, part) for part in _PARTS}
            told["number_in_street"] = f"{value.number}/{value.street}" if value.number else ""
            return [(part, (text,)) for part, text in told.items() if text]
        case TextValue() if compared == "phone":
            return [(compared, (value.text[-8:],))]
        case EmailValue() | TextValue():
            return [(compared, (value.text,))]
        case _:
            return [(compared, ())]


def texts_of(compared: str, value: object) -> list[tuple[str, str]]:
    """What a value tells word for word: each of its components, and the text that may agree."""
    match value:
        case Name():
            told = [("whole_name", key) for key in (*value.keys, *value.surnames)]
        case NameValue():
            told = [("given", value.given), ("middle", value.middle), ("surname", value.surname)]
        case BirthValue():
            told = [("birth", value.digits)]
        case AddressValue():
            at = f"{value.number}/{value.street}" if value.number and value.street else ""
            told = [("number_in_street", at), *((part, getattr(value, part)) for part in _PARTS)]
        case EmailValue():
            told = [("email", value.text)]
        case TextValue():
            told = [(compared, value.text[-8:] if compared == "phone" else value.text)]
        case _:
            told = []
    return [one for one in told if one[1]]


def compare_whole_name(a: Name, b: Name) -> list[Outcome]:
    """Two names in whatever scripts (`rapport.identity.names`); unknown tells nothing."""
    level = compare_names(a, b).level
    return [] if level is NameLevel.UNKNOWN else [("whole_name", _WHOLE_NAMES[level], "", "")]


def compare_name(a: NameValue, b: NameValue) -> list[Outcome]:
    """Given name and surname together, in the order told or the other, whichever agrees better."""
    direct = _aligned(a, b)
    if not _is_good(direct):
        swapped = _crossed(a, b)
        if swapped and _cost(swapped) < _cost(direct):
            return [*swapped, ("order", 1, "", "")]
    if direct:
        direct.append(("order", 0, "", ""))
    return [*direct, *_middle(a, b, direct)]


def _is_good(outcomes: list[Outcome]) -> bool:
    return bool(outcomes) and max([level for _, level, _, _ in outcomes]) <= 1


def _cost(outcomes: list[Outcome]) -> int:
    cost = 0
    for component, level, _, _ in outcomes:
        if level <= 2:
            cost -= 1
        elif level >= (5 if component == "given" else 4):
            cost += 1
    return cost


def _aligned(a: NameValue, b: NameValue) -> list[Outcome]:
    found = []
    if a.given and b.given:
        found.append(_given(a.given, b.given, a, b))
    if a.surname and b.surname:
        found.append(_surname(a.surname, b.surname, a, b))
    return found


def _crossed(a: NameValue, b: NameValue) -> list[Outcome]:
    """Each name against the other one, where all of them agree; else nothing.

    A stranger's surname is often one's given name, so that one of them alone tells little.
    """
    found = []
    for component, one, two in (("given", a.given, b.surname), ("surname", a.surname, b.given)):
        if one and two:
            level = _spelling(one, two, 3)
            if level > 2:
                return []
            found.append((component, level, one, two))
    return found


def _spelling(a: str, b: str, other: int) -> int:
    """Level 0 the same, 1 an edit apart, 2 alike, `other` neither."""
    if a == b:
        return 0
    longest = max(len(a), len(b))
    edits = OSA.distance(a, b, score_cutoff=3)
    if edits == 1 and longest > 3:
        return 1
    if edits == 1 or (edits == 2 and longest > 5):
        return 2
    return 2 if JaroWinkler.similarity(a, b, score_cutoff=0.9) >= 0.9 else other


def _given(one: str, two: str, a: NameValue, b: NameValue) -> Outcome:
    level = _spelling(one, two, 6)
    if level == 0:
        return ("given", 0, one, two)
    if level > 1 and is_nickname(a.given_tokens[0], b.given_tokens[0]):
        return ("given", 3, "", "")
    if level == 6:
        if one[0] == two[0] and min(len(one), len(two)) == 1:
            return ("given", 4, "", "")
        others_a, others_b = {*a.rest, a.middle}, {*b.rest, b.middle}
        if one in others_b or two in others_a:
            return ("given", 5, "", "")
    return judged("given", level, one, two)


def _surname(one: str, two: str, a: NameValue, b: NameValue) -> Outcome:
    level = _spelling(one, two, 5)
    if level == 0:
        return ("surname", 0, one, two)
    if level == 5:
        part = set(a.surname_tokens) & set(b.surname_tokens)
        if part:
            return ("surname", 3, "", "")
        if one in b.rest or two in a.rest or set(a.rest) & set(b.rest):
            return ("surname", 4, "", "")
    return judged("surname", level, one, two)


def _middle(a: NameValue, b: NameValue, found: list[Outcome]) -> list[Outcome]:
    if not (a.middle and b.middle and found):
        return []
    if a.middle == b.middle:
        return [("middle", 0, a.middle, b.middle)]
    if a.middle[0] == b.middle[0] and min(len(a.middle), len(b.middle)) == 1:
        return [("middle", 2, "", "")]
    return [("middle", 1 if _spelling(a.middle, b.middle, 3) <= 1 else 3, "", "")]


def compare_birth(a: BirthValue, b: BirthValue) -> list[Outcome]:
    """Two dates of birth; the years alone where one of them tells no more."""
    if a.is_complete and b.is_complete:
        return [judged("birth", _birth_level(a, b), a.digits, b.digits, 1)]
    return [("birth_year", int(a.year != b.year), "", "")] if a.year and b.year else []


def _birth_level(a: BirthValue, b: BirthValue) -> int:
    if a.digits == b.digits:
        return 0
    if OSA.distance(a.digits, b.digits, score_cutoff=1) == 1:
        return 1
    if a.year == b.year and a.month == b.day and a.day == b.month:
        return 2
    if (a.year == b.year) + (a.month == b.month) + (a.day == b.day) == 2:
        return 3
    if abs(a.ordinal - b.ordinal) <= 410:
        return 4
    return 5 if a.year == b.year or OSA.distance(a.digits, b.digits) == 2 else 6


def compare_address(a: AddressValue, b: AddressValue) -> list[Outcome]:
    """Two addresses by their parts; a street that stands in the other's unit is found there."""
    found = []
    street = -1
    if a.street and b.street:
        street = _street_level(a, b)
        found.append(judged("street", street, a.street, b.street, 1))
    if a.number and b.number:
        level = _number_level(a.number, b.number)
        if street == 0:
            here, there = f"{a.number}/{a.street}", f"{b.number}/{b.street}"
            found.append(judged("number_in_street", level, here, there, 0))
        else:
            found.append(judged("number", level, a.number, b.number, 0))
    if a.unit and b.unit and street != 2:
        level = _spelling(a.unit, b.unit, 3)
        found.append(judged("unit", level, a.unit, b.unit, 2))
    found.extend(_locality(a, b))
    return found


def _street_level(a: AddressValue, b: AddressValue) -> int:
    level = _spelling(a.street, b.street, 4)
    if level <= 1:
        return level
    if a.unit and _spelling(a.unit, b.street, 4) <= 1:
        return 2
    if b.unit and _spelling(a.street, b.unit, 4) <= 1:
        return 2
    return 3 if level == 2 else 4


def _number_level(a: str, b: str) -> int:
    if a == b:
        return 0
    return 1 if OSA.distance(a, b, score_cutoff=1) == 1 else 2


def _locality(a: AddressValue, b: AddressValue) -> list[Outcome]:
    found = []
    if a.postcode and b.postcode:
        level = _postcode_level(a.postcode, b.postcode)
        found.append(judged("postcode", level, a.postcode, b.postcode, 1))
    if a.city and b.city:
        level = _spelling(a.city, b.city, 3)
        found.append(judged("city", level, a.city, b.city, 2))
    if a.region and b.region:
        level = 0 if a.region == b.region else 2 if OSA.distance(a.region, b.region) > 1 else 1
        found.append(judged("region", level, a.region, b.region, 1))
    return found


def _postcode_level(a: str, b: str) -> int:
    if a == b:
        return 0
    if OSA.distance(a, b, score_cutoff=1) == 1:
        return 1
    return 2 if a[:-3] and a[:-3] == b[:-3] and a[0].isalpha() else 3


def compare_email(a: EmailValue, b: EmailValue) -> list[Outcome]:
    """Two e-mail addresses: the whole, the part before the @, the domain."""
    if a.text == b.text:
        return [("email", 0, a.text, b.text)]
    edits = OSA.distance(a.text, b.text, score_cutoff=6)
    if edits <= 2 and min(len(a.text), len(b.text)) > 6:
        return [("email", 1, a.text, b.text)]
    if a.local == b.local:
        return [("email", 2, "", "")]
    if edits <= 5 and edits * 3 <= min(len(a.text), len(b.text)):
        return [("email", 3, "", "")]
    return [("email", 4 if a.domain == b.domain else 5, "", "")]


def compare_phone(a: TextValue, b: TextValue) -> list[Outcome]:
    """Two telephone numbers: the last eight digits decide."""
    one, two = a.text[-8:], b.text[-8:]
    if one == two:
        return [("phone", 0, one, two)]
    return [("phone", 1 if OSA.distance(one, two, score_cutoff=1) == 1 else 2, "", "")]


def compare_national_id(a: TextValue, b: TextValue) -> list[Outcome]:
    """Two numbers that a state gave: one or two edits are slips of a hand."""
    if a.text == b.text:
        return [("national_id", 0, a.text, b.text)]
    edits = OSA.distance(a.text, b.text, score_cutoff=2)
    return [("national_id", min(edits, 3), "", "")]


def compare_gender(a: TextValue, b: TextValue) -> list[Outcome]:
    """Two genders."""
    same = a is b
    return [judged("gender", 0 if same else 1, a.text, b.text, 0)]


def compare_text(component: str, a: TextValue, b: TextValue) -> list[Outcome]:
    """Two texts of any other attribute."""
    return [judged(component, _spelling(a.text, b.text, 3), a.text, b.text)]
