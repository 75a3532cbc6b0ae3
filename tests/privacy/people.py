"""The people whose data is looked for: distinctive, so that a hit is no accident."""

import hashlib
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Person:
    """Somebody who writes to us. `phone` in E.164; `addresses` are further ids at providers."""

    name: str
    phone: str
    email: str
    words: tuple[str, ...]
    addresses: tuple[str, ...] = field(default=())

    @property
    def digits(self) -> str:
        """The phone number as Meta writes it."""
        return self.phone.removeprefix("+")

    def says(self, number: int) -> str:
        """A message body of theirs."""
        return f"{self.words[number % len(self.words)]} {self.name} {self.phone} {self.email}"


XANTHIPPE = Person(
    name="Xanthippe Quillfeather",
    phone="+14155573914",
    email="xanthippe.q@quillfeather.example",
    words=("my zephyrquartz necklace is broken", "is Łódź-müßiggang open on Sunday?"),
    addresses=("7700112233445566", "Uf00dfeedf00dfeedf00dfeedf00dfeed", "5550917364"),
)
BARTHOLOMEW = Person(
    name="Bartholomew Snodgrasz",
    phone="+442079460731",
    email="bart+shop@snodgrasz.example",
    words=("the flibbertigibbet kettle leaks", "cancel my gallimaufry order"),
)
PEOPLE = (XANTHIPPE, BARTHOLOMEW)


def secrets_of(person: Person) -> dict[str, str]:
    """What must not be found, casefolded, by what it is.

    A text is looked for by its rare words, since any part of it would be a leak; a hash without a
    key counts as the number itself, for there are too few numbers to hide in.
    """
    national = person.digits[1:] if person.phone.startswith("+1") else person.digits[2:]
    found = {"phone": person.digits, "national number": national, "e-mail": person.email}
    found["e-mail's local part"] = person.email.partition("@")[0]
    for part in (*person.name.split(), *" ".join(person.words).split()):
        if len(part) > 7:
            found[f"word {part[:3]}…"] = part.strip("?.")
    found |= {f"address {number}": own for number, own in enumerate(person.addresses)}
    for text in (person.phone, person.digits, person.email, *person.addresses):
        for kind in ("md5", "sha1", "sha256"):
            digest = hashlib.new(kind, text.encode()).hexdigest()
            found[f"{kind} of {text[:3]}…"] = digest
    return {what: text.casefold() for what, text in found.items()}
