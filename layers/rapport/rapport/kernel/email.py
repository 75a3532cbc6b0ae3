"""E-mail addresses in the spelling by which we compare them."""

import re
import unicodedata

from rapport.kernel.errors import InvalidInput

_ADDRESS = re.compile(r"^[^\s@<>,;:\"\\()\[\]]{1,64}@([a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}$")


def normalise(raw: str) -> str:
    """`raw` trimmed, NFKC, lower case, its domain in ASCII (IDNA).

    Dots and plus tags stay: only the provider knows whether they matter, and folding them would
    join strangers. Anything that is not one plain address raises `InvalidInput`.
    """
    text = unicodedata.normalize("NFKC", raw).strip().lower()
    local, at, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    address = f"{local}{at}{ascii_domain}"
    if not _ADDRESS.match(address) or len(address) > 254:
        raise InvalidInput("Give one address, e.g. ada@example.com.", field="email")
    return address
