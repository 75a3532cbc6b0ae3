"""Blocking keys: what two records of one person are likely to share at least once.

A key is never one frequent field alone: each is made of two, or of one that is rare. A slip of the
hand spoils the keys of one field, so every field is paired with several others.
"""

from rapport.identity.matching.features import Features
from rapport.identity.matching.values import AddressValue, BirthValue, EmailValue


def blocking_keys(features: Features, most: int) -> tuple[str, ...]:
    """Up to `most` short keys, the rarest kinds first; the first letter says which kind."""
    keys: list[str] = []
    _of_numbers(keys, features)
    name, birth, address = features.name, features.birth, features.address
    if birth and not birth.is_complete:
        birth = None
    given, surname = (name.given, name.surname) if name else ("", "")
    parts = [part for part in (surname, given) if part]
    if whole := features.whole_name:
        keys += ["w" + key for key in whole.keys[:3]]
        parts = [*whole.surnames[:2]]
    if given and surname:
        keys.append("n" + _sorted(given[:6], surname[:6]))
    if birth:
        keys += [f"b{birth.digits}{part[:2]}" for part in parts]
    if address:
        _at_address(keys, address, parts, given, birth)
    place = features.text("birth_place") or (address.city if address else "")
    if place:
        keys += [f"l{place[:6]} {part[:4]}" for part in parts]
    if birth:
        _in_time(keys, birth, given[:3], surname[:3], place, features.email)
    _by_letters(keys, features, given, surname)
    return tuple(dict.fromkeys(keys))[:most]


def _of_numbers(keys: list[str], features: Features) -> None:
    """What is rare by itself: a number that a state gave, an e-mail address, a telephone."""
    if number := features.text("national_id"):
        keys.append("i" + number)
    if email := features.email:
        keys.append("e" + (email.local[:16] if len(email.local) > 3 else email.text))
        if len(email.domain) > 3:
            keys.append(f"d{email.local[:1]} {email.domain[:6]}")
        if len(email.local) > 6:
            keys.append(f"k{email.local[-5:]} {email.domain[:2]}")
    if phone := features.text("phone"):
        keys.append("p" + phone[-8:])


def _at_address(
    keys: list[str], address: AddressValue, parts: list[str], given: str, birth: BirthValue | None
) -> None:
    if address.postcode:
        keys += [f"q{address.postcode} {part[:3]}" for part in parts]
    if address.street:
        if address.number:
            keys.append(f"a{address.number} {address.street[:6]}")
        if part := given or "".join(parts[:1]):
            keys.append(f"s{address.street[:7]} {part[:3]}")
    if address.postcode and birth:
        keys.append(f"z{birth.digits}{address.postcode}")


def _in_time(  # noqa: PLR0917 - the parts of a record
    keys: list[str],
    birth: BirthValue,
    given: str,
    surname: str,
    place: str,
    email: EmailValue | None,
) -> None:
    if given or surname:
        keys.append(f"y{birth.year} {_sorted(given, surname)}")
        keys += [f"m{birth.digits[4:]} {part}" for part in (surname, given) if part]
    if place:
        keys += (f"t{birth.digits}{place[:4]}", f"u{birth.year} {birth.month} {place[:5]}")
    if email:
        keys.append(f"v{birth.year} {email.local[:4]}")


def _by_letters(keys: list[str], features: Features, given: str, surname: str) -> None:
    if given and surname:
        keys += (f"g{given[:3]} {surname[0]}", f"g{surname[:3]} {given[0]}")
    if surname and (occupation := features.text("occupation")):
        keys.append(f"o{occupation[:6]} {surname[:4]}")


def _sorted(one: str, two: str) -> str:
    return f"{one} {two}" if one <= two else f"{two} {one}"
