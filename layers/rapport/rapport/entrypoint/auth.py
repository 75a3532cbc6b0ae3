"""Who may call what: the one table of the API's rules, and how a token becomes a caller.

API Gateway's JWT authoriser has checked signature, issuer, audience and expiry before we are
called; what is left is to read its claims, and to refuse whoever has none. A route names one rule
below; what depends on the object itself (whose conversation is it?) is in `views.permissions`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rapport.contracts.caller import Caller, Group
from rapport.kernel.errors import Forbidden, Unauthenticated

SCOPE_PREFIX = "rapport/"


@dataclass(frozen=True)
class Access:
    """Who may call a route: people of one of `groups`, applications granted `scope`, or anyone."""

    groups: frozenset[Group] = field(default_factory=frozenset)
    scope: str | None = None
    is_public: bool = False

    def allows(self, caller: Caller) -> bool:
        """Whether `caller` may call; the object may say no later."""
        if caller.is_application:
            return self.scope is not None and caller.has(self.scope)
        return bool(self.groups & caller.groups)


STAFF = frozenset(Group)
MANAGERS = frozenset({Group.SUPERVISOR, Group.ADMIN})
ADMINS = frozenset({Group.ADMIN})

PUBLIC = Access(is_public=True)
STAFF_ONLY = Access(STAFF)
READ_CUSTOMERS = Access(STAFF, "rapport/customers.read")
WRITE_CUSTOMERS = Access(STAFF, "rapport/customers.write")
READ_CONVERSATIONS = Access(STAFF, "rapport/conversations.read")
WRITE_CONVERSATIONS = Access(STAFF, "rapport/conversations.write")
MANAGE_AGENTS = Access(MANAGERS, "rapport/agents.write")
READ_OWN_AGENT = Access(STAFF, "rapport/agents.write")
DECIDE_IDENTITY = Access(MANAGERS, "rapport/identity.write")
MANAGE_IDENTITY = Access(ADMINS, "rapport/identity.write")
MANAGE_CHANNELS = Access(ADMINS, "rapport/channels.write")
VERIFY = Access(STAFF, "rapport/verifications.write")
MANAGE_VERIFICATION_SERVICES = Access(ADMINS, "rapport/verification-services.write")


def admit(access: Access, claims: Mapping[str, Any] | None) -> Caller | None:
    """The caller behind a token's claims, None on a public route.

    Raises `Unauthenticated` without claims, `Forbidden` where the rule does not allow them.
    """
    if access.is_public:
        return None
    caller = caller_of(claims or {})
    if not access.allows(caller):
        raise Forbidden("Your role or scope does not allow this call.")
    return caller


def caller_of(claims: Mapping[str, Any]) -> Caller:
    """The caller of a Cognito token, access or id; raises `Unauthenticated` without a subject.

    Client credentials give an access token whose subject is its client; only there scopes count,
    and only elsewhere groups do, so that no token is both.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise Unauthenticated("Send a valid access token: `Authorization: Bearer …`.")
    if claims.get("client_id") == subject:
        scopes = frozenset(_words(claims.get("scope")))
        return Caller(subject, scopes=scopes, is_application=True)
    known = {group.value for group in Group}
    groups = frozenset(Group(one) for one in _words(claims.get("cognito:groups")) if one in known)
    return Caller(subject, groups=groups)


def _words(claim: object) -> list[str]:
    """A list claim in any of the spellings it arrives in.

    A JWT holds a JSON array; API Gateway hands it on as `[agent supervisor]`; emulators as a list
    or as JSON text.
    """
    if isinstance(claim, list | tuple):
        return [str(item) for item in claim]
    if not isinstance(claim, str):
        return []
    if claim.startswith("["):
        try:
            parsed = json.loads(claim)
        except ValueError:
            return claim.removeprefix("[").removesuffix("]").split()
        return [str(item) for item in parsed]
    return claim.split()
