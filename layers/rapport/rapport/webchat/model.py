"""Who may chat on which website, and how a visitor is known again. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

ANY_ORIGIN = "*"
DEFAULT_TOKEN_TTL = timedelta(hours=1)
LONGEST_TOKEN_TTL = timedelta(days=1)
DEFAULT_RETURN = timedelta(days=30)
ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,64}")
VISITOR_ID = re.compile(r"vis_[0-9A-Za-z]{1,64}")
ANONYMOUS_ID = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Visitor:
    """Someone on a website, known by a token that we signed and by nothing else."""

    account: str
    visitor_id: str
    anonymous_id: str | None = None


@dataclass(frozen=True)
class Session:
    """A visitor's token, as the widget gets it; `expires_at` is when it needs another."""

    visitor: Visitor
    token: str
    expires_at: datetime


@dataclass(frozen=True)
class Website:
    """What a web chat account's document says about its sessions.

    `allowed_origins` (list; `"*"` for any), `token_ttl_s` (default 3600, at most a day),
    `return_days` (default 30: how long after its end a token still brings its visitor back).
    """

    allowed_origins: tuple[str, ...]
    token_ttl: timedelta
    returns_within: timedelta

    def allows(self, origin: str | None) -> bool:
        """Whether a page of `origin` may open a session: scheme, host and port are compared."""
        if ANY_ORIGIN in self.allowed_origins:
            return True
        came_from = parse_origin(origin or "")
        known = {parse_origin(one) for one in self.allowed_origins}
        return came_from is not None and came_from in known


def website(document: Mapping[str, Any]) -> Website:
    """The settings in an account's document; what is not as documented counts as absent."""
    origins = document.get("allowed_origins")
    return Website(
        allowed_origins=tuple(one for one in origins if isinstance(one, str))
        if isinstance(origins, list)
        else (),
        token_ttl=_span(document.get("token_ttl_s"), timedelta(seconds=1), DEFAULT_TOKEN_TTL),
        returns_within=_span(document.get("return_days"), timedelta(days=1), DEFAULT_RETURN),
    )


def _span(value: object, unit: timedelta, default: timedelta) -> timedelta:
    # bool is an int to Python, and no number of anything to whoever wrote it.
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= 100_000:
        return default
    return min(value * unit, LONGEST_TOKEN_TTL) if unit < timedelta(days=1) else value * unit


def parse_origin(text: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an origin; None for anything else ("null", a path, no host)."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    if parts.path or parts.query or parts.fragment or text != text.strip():
        return None
    return scheme, parts.hostname.lower(), _DEFAULT_PORTS[scheme] if port is None else port
