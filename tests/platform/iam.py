"""What template.yaml grants each function's role, and what of it was used."""

import fnmatch
import functools
from dataclasses import dataclass

from local.template import FUNCTION
from tests.platform.calls import Right
from tests.tables import resources


@dataclass(frozen=True)
class Grant:
    """One action on one resource pattern in a role's policy."""

    action: str
    resource: str

    def covers(self, right: Right) -> bool:
        """IAM's match: case-insensitive actions, `*` and `?` in both."""
        action, arn = right
        is_action = fnmatch.fnmatchcase(action.lower(), self.action.lower())
        return is_action and (self.resource == "*" or fnmatch.fnmatchcase(arn, self.resource))


@functools.cache
def grants_of(function: str) -> tuple[Grant, ...]:
    """What a function's role allows; a role denies nothing here."""
    known = resources()
    role = known.template["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"]
    role_name = (role if isinstance(role, list) else role.split("."))[0]
    found: list[Grant] = []
    for policy in known.properties(role_name)["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            if statement["Effect"] != "Allow" or "Condition" in statement:
                raise NotImplementedError(f"{role_name}: only plain Allow statements are read here")
            found += [
                Grant(action, arn)
                for action in _listed(statement["Action"])
                for arn in _listed(statement["Resource"])
            ]
    return tuple(found)


def functions() -> list[str]:
    """The logical ids of every function."""
    return list(resources().of_kind(FUNCTION))


def is_granted(function: str, right: Right) -> bool:
    """Whether a function's role allows it."""
    return any(grant.covers(right) for grant in grants_of(function))


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
