"""Who calls the API, as far as rules need to know."""

from dataclasses import dataclass, field
from enum import StrEnum


class Group(StrEnum):
    """What a person may be in the user pool."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


MANAGERS = frozenset({Group.SUPERVISOR, Group.ADMIN})


@dataclass(frozen=True)
class Caller:
    """A person (`groups`) or an application (`scopes`); never both.

    `subject` is the token's `sub`: a person's agent id, or an application's client id.
    """

    subject: str
    groups: frozenset[Group] = field(default_factory=frozenset)
    scopes: frozenset[str] = field(default_factory=frozenset)
    is_application: bool = False

    @property
    def is_manager(self) -> bool:
        """A supervisor or an administrator."""
        return bool(self.groups & MANAGERS)

    @property
    def is_admin(self) -> bool:
        """An administrator."""
        return Group.ADMIN in self.groups

    def has(self, scope: str) -> bool:
        """An application that was granted `scope`."""
        return scope in self.scopes
