"""What a record tells of a person, parsed for comparison."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rapport.identity.graph import ATTRIBUTES
from rapport.identity.matching.values import (
    AddressValue,
    BirthValue,
    EmailValue,
    NameValue,
    TextValue,
    Value,
    address_value,
    birth_value,
    date_parts,
    digits_value,
    email_value,
    gender_value,
    name_value,
    text_value,
)
from rapport.identity.names import Name, parse_name

_PARSED = frozenset(ATTRIBUTES) - {"occupation", "birth_place"}
_READERS: dict[str, Callable[[str], Value | None]] = {
    "email": email_value,
    "phone": digits_value,
    "national_id": digits_value,
    "gender": gender_value,
}


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """A record's values by what is compared; what it does not tell is not there."""

    values: Mapping[str, Value]

    @property
    def name(self) -> NameValue | None:
        """The name."""
        found = self.values.get("name")
        return found if isinstance(found, NameValue) else None

    @property
    def whole_name(self) -> Name | None:
        """The name in any script, where names are compared so."""
        found = self.values.get("whole_name")
        return found if isinstance(found, Name) else None

    @property
    def birth(self) -> BirthValue | None:
        """The birth date."""
        found = self.values.get("birth")
        return found if isinstance(found, BirthValue) else None

    @property
    def address(self) -> AddressValue | None:
        """The address."""
        found = self.values.get("address")
        return found if isinstance(found, AddressValue) else None

    @property
    def email(self) -> EmailValue | None:
        """The e-mail address."""
        found = self.values.get("email")
        return found if isinstance(found, EmailValue) else None

    def text(self, compared: str) -> str:
        """The plain text of another value; empty where untold."""
        found = self.values.get(compared)
        return found.text if isinstance(found, TextValue) else ""


def read_features(
    attributes: Mapping[str, str], day_first: bool = True, across_scripts: bool = False
) -> Features:
    """Parse raw attributes (`graph.ATTRIBUTES`, raw texts); others are compared as texts.

    `day_first` reads 03/04/1990 as the third of April. `across_scripts` compares the name as a
    whole, in any script, else Latin names by their parts.
    """
    get = attributes.get
    found: dict[str, Value | None] = {}
    if across_scripts:
        found["whole_name"] = _whole_name(attributes)
    else:
        found["name"] = _name(attributes)
    found["birth"] = _birth(attributes, day_first)
    found["address"] = address_value(
        get("street_number", ""),
        get("street", "") or get("address", ""),
        get("unit", ""),
        get("city", ""),
        get("postcode", ""),
        get("region", ""),
    )
    for attribute, read in _READERS.items():
        if text := get(attribute, ""):
            found[attribute] = read(text)
    for attribute, text in attributes.items():
        if attribute not in _PARSED:
            found[attribute] = text_value(text)
    return Features({compared: value for compared, value in found.items() if value is not None})


def _name(attributes: Mapping[str, str]) -> NameValue | None:
    get = attributes.get
    whole = get("full_name", "") or get("display_name", "")
    return name_value(
        get("given_name", ""), get("middle_name", ""), get("surname", ""), whole
    ) or name_value("", "", "", get("local_name", ""))


def _whole_name(attributes: Mapping[str, str]) -> Name | None:
    get = attributes.get
    name = parse_name(
        full=get("full_name", ""),
        given=get("given_name", ""),
        middle=get("middle_name", ""),
        surname=get("surname", ""),
        local=get("local_name", ""),
        display=get("display_name", ""),
    )
    return None if name.is_empty else name


def _birth(attributes: Mapping[str, str], day_first: bool) -> BirthValue | None:
    text = attributes.get("date_of_birth", "")
    if text:
        return birth_value(*date_parts(text, day_first))
    return birth_value(
        attributes.get("birth_year", ""),
        attributes.get("birth_month", ""),
        attributes.get("birth_day", ""),
    )
