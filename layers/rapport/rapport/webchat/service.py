"""Open a visitor's session and know them again: signed tokens, no table."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rapport.channels.base import Account
from rapport.channels.webchat.inbound import ALGORITHM, AUDIENCE, CLAIMS, LEEWAY_S
from rapport.contracts.inbound import InboundEvent, Kind, Status
from rapport.kernel.clock import Clock
from rapport.kernel.errors import Forbidden, InvalidInput, Misconfigured, NotFound, Unauthenticated
from rapport.kernel.ids import Ids
from rapport.webchat.model import ACCOUNT, ANONYMOUS_ID, VISITOR_ID, Session, Visitor, website
from rapport.webchat.ports import Accounts

CHANNEL = "webchat"
SHORTEST_KEY = 32  # bytes, as RFC 7518 section 3.2 demands of HS256
SOCKET_TOKEN_TTL = timedelta(seconds=60)

_NOT_VALID = "The token is not valid: open a new session."


def open_session(
    account: str,
    origin: str | None,
    *,
    anonymous_id: str | None,
    token: str | None,
    accounts: Accounts,
    ids: Ids,
    clock: Clock,
) -> Session:
    """A session for whoever opened the page; with a token of ours, the same visitor comes back.

    Raises `Forbidden` for an unknown account as for a foreign origin: neither learns which it was.
    A token that does not hold opens a session like any other, as a new visitor. An anonymous id
    tells the same browser on other pages; it opens nobody's history.
    """
    if anonymous_id is not None and not ANONYMOUS_ID.fullmatch(anonymous_id):
        raise InvalidInput("Use 1 to 128 of A-Z a-z 0-9 _ . : -", field="anonymous_id")
    found = _find(account, accounts)
    settings = website(found.document) if found else None
    if found is None or settings is None or not settings.allows(origin):
        raise Forbidden("This website may not open chats here.")
    now = clock.now()
    known = _returning(token, found, now, settings.returns_within)
    visitor = Visitor(
        account=account,
        visitor_id=known.visitor_id if known else ids.new("vis"),
        anonymous_id=anonymous_id or (known.anonymous_id if known else None) or ids.new("anon"),
    )
    return Session(visitor, sign(visitor, found, now, settings.token_ttl), now + settings.token_ttl)


def _returning(
    token: str | None, account: Account, now: datetime, within: timedelta
) -> Visitor | None:
    if not token:
        return None
    try:
        return _read(token, account, now, within)
    except Unauthenticated:
        return None


def visitor_of(token: str, *, accounts: Accounts, clock: Clock) -> Visitor:
    """The visitor behind a token; raises `Unauthenticated` for any that does not hold now."""
    account = _find(claimed_account(token), accounts)
    if account is None:
        raise Unauthenticated(_NOT_VALID)
    try:
        return _read(token, account, clock.now(), timedelta(0))
    except Unauthenticated:
        # The key may have been rotated since we read it.
        if not accounts.refresh(CHANNEL, account.name):
            raise
        return _read(token, accounts.get(CHANNEL, account.name), clock.now(), timedelta(0))


def bearer(authorization: str | None) -> str:
    """The token of an `Authorization` header; raises `Unauthenticated` without one."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated("Send the session's token: `Authorization: Bearer …`.")
    return token.strip()


def claimed_account(token: str) -> str:
    """The account that a token names, before anybody has checked it; raises `Unauthenticated`."""
    import jwt

    try:
        claims = jwt.decode(token, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise Unauthenticated(_NOT_VALID) from None
    account = claims.get("acc")
    if not isinstance(account, str) or not ACCOUNT.fullmatch(account):
        raise Unauthenticated(_NOT_VALID)
    return account


def sign(visitor: Visitor, account: Account, now: datetime, ttl: timedelta) -> str:
    """A token for `visitor`, signed with the account's first key."""
    import jwt

    keys = account.secrets("token_key")
    if not keys or len(keys[0].encode()) < SHORTEST_KEY:
        raise Misconfigured("The web chat account needs a token_key of at least 32 bytes.")
    claims: dict[str, Any] = {
        "sub": visitor.visitor_id,
        "acc": visitor.account,
        "aud": AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + ttl).timestamp()),
    }
    if visitor.anonymous_id:
        claims["anonymous_id"] = visitor.anonymous_id
    return str(jwt.encode(claims, keys[0], algorithm=ALGORITHM))


def socket_token(visitor: Visitor, *, accounts: Accounts, clock: Clock) -> str:
    """A token of a minute for one who proved who they are when the socket was opened.

    So what comes by socket goes through the very same adapter as what comes by HTTP.
    """
    return sign(visitor, accounts.get(CHANNEL, visitor.account), clock.now(), SOCKET_TOKEN_TTL)


def receipt(visitor: Visitor, message_id: str, status: str, at: datetime) -> InboundEvent:
    """What a visitor's widget reports of a message of ours, as any provider would."""
    return InboundEvent(
        kind=Kind.RECEIPT,
        channel=CHANNEL,
        provider="rapport",
        provider_message_id=message_id,
        from_=visitor.account,
        to=visitor.visitor_id,
        status=Status(status),
        timestamp=at,
    )


def _find(name: str, accounts: Accounts) -> Account | None:
    if not ACCOUNT.fullmatch(name):
        return None
    try:
        return accounts.get(CHANNEL, name)
    except NotFound:
        return None


def _read(token: str, account: Account, now: datetime, grace: timedelta) -> Visitor:
    """Check a token by the account's keys; one that ended up to `grace` ago still counts."""
    claims = _verified(token, account)
    issued, ends = claims["iat"], claims["exp"]
    subject, anonymous_id = claims["sub"], claims.get("anonymous_id")
    numbers = isinstance(issued, int) and isinstance(ends, int)
    if not numbers or not isinstance(subject, str) or claims["acc"] != account.name:
        raise Unauthenticated(_NOT_VALID)
    moment = now.timestamp()
    if not issued - LEEWAY_S <= moment < ends + grace.total_seconds():
        raise Unauthenticated("The token is over: open a new session with it.")
    if not VISITOR_ID.fullmatch(subject):
        raise Unauthenticated(_NOT_VALID)
    return Visitor(account.name, subject, anonymous_id if isinstance(anonymous_id, str) else None)


def _verified(token: str, account: Account) -> Mapping[str, Any]:
    import jwt

    # Times are judged by our clock port, not by PyJWT's; here they must only be there.
    options: Any = {
        "require": CLAIMS,
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
        "verify_sub": False,
    }
    for key in account.secrets("token_key"):
        try:
            return dict(
                jwt.decode(token, key, algorithms=[ALGORITHM], audience=AUDIENCE, options=options)
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            continue
    raise Unauthenticated(_NOT_VALID)
