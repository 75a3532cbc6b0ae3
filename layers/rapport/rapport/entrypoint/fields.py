"""How a place in somebody's document may be named in errors and logs."""

import re
from collections.abc import Iterable

_OURS = re.compile(r"[a-z_]{1,40}")


def field_name(place: Iterable[str | int]) -> str:
    """`identifiers.0.value`: names as in our models; anything else shows as `*`.

    A stranger's key may be a phone number or a name: keys with digits, capitals or dots never show.
    """
    return ".".join(
        str(part) if isinstance(part, int) or _OURS.fullmatch(part) else "*" for part in place
    )
