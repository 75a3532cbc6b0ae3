"""Blocking keys: what two records of one person are likely to share at least once.

A key is never one frequent field alone: each is made of two, or of one that is rare. A slip of the
hand spoils the keys of one field, so every field is paired with several others.
"""

from collections.abc import Iterator

from rapport.identity.matching.features import Features
from rapport.identity.matching.values import AddressValue


def blocking_keys(features: Features, most: int) -> tuple[str, ...]:
    """Up to `most` short keys, the rarest kinds first; the first letter says which kind."""
    keys = dict.fromkeys(_rare(features))
    keys.update(dict.fromkeys(_paired(features)))
    return tuple(keys)[:most]


def _rare(features: Features) -> Iterator[str]:
    if number := features.text("national_id"):
        yield "i" + number
    if email := features.email:
        yield "e" + (email.local[:16] if len(email.local) > 3 else email.text)
        if len(email.domain) > 3:
            yield f"d{email.local[:1]} {email.domain[:6]}"
        if len(email.local) > 6:
            yield f"k{email.local[-5:]} {email.domain[:2]}"
    if phone := features.text("phone"):
        yield "p" + phone[-8:]


def _paired(features: Features) -> Iterator[str]:
    name, birth, address = features.name, features.birth, features.address
    given, surname = (name.given, name.surname) if name else ("", "")
    parts = [part for part in (surname, given) if part]
    if whole := features.whole_name:
        yield from ("w" + key for key in whole.keys[:3])
        parts = list(whole.surnames[:2])
    if given and surname:
        yield f"n{_sorted(given[:6], surname[:6])}"
    if birth and birth.is_complete:
        yield from (f"b{birth.digits}{part[:2]}" for part in parts)
    if address:
        yield from _at_address(address, parts, given)
        if address.postcode and birth and birth.is_complete:
            yield f"z{birth.digits}{address.postcode}"
    place = features.text("birth_place") or (address.city if address else "")
    if place:
        yield from (f"l{place[:6]} {part[:4]}" for part in parts)
    yield from _in_time(features, given[:3], surname[:3], place)
    yield from _by_letters(features, given, surname)


def _at_address(address: AddressValue, parts: list[str], given: str) -> Iterator[str]:
    if address.postcode:
        yield from (f"q{address.postcode} {part[:3]}" for part in parts)
    if address.street and address.number:
        yield f"a{address.number} {address.street[:6]}"
    if address.street:
        part = given or "".join(parts[:1])
        if part:
            yield f"s{address.street[:7]} {part[:3]}"


def _by_letters(features: Features, given: str, surname: str) -> Iterator[str]:
    if given and surname:
        yield f"g{given[:3]} {surname[0]}"
        yield f"g{surname[:3]} {given[0]}"
    if surname and (occupation := features.text("occupation")):
        yield f"o{occupation[:6]} {surname[:4]}"


def _in_time(features: Features, given: str, surname: str, place: str) -> Iterator[str]:
    birth = features.birth
    if not (birth and birth.is_complete):
        return
    if given or surname:
        yield f"y{birth.year} {_sorted(given, surname)}"
        yield from (f"m{birth.digits[4:]} {part}" for part in (surname, given) if part)
    if place:
        yield f"t{birth.digits}{place[:4]}"
        yield f"u{birth.year} {birth.month} {place[:5]}"
    if features.email:
        yield f"v{birth.year} {features.email.local[:4]}"


def _sorted(one: str, two: str) -> str:
    return f"{one} {two}" if one <= two else f"{two} {one}"
