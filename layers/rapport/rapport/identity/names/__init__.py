"""Personal names across scripts, romanisations, orders, nicknames and typos."""

from rapport.identity.names.comparison import compare_names, is_slip
from rapport.identity.names.levels import NameLevel, NameMatch, NameOutcome
from rapport.identity.names.parsing import Name, parse_name

__all__ = [
    "Name",
    "NameLevel",
    "NameMatch",
    "NameOutcome",
    "compare_names",
    "is_slip",
    "parse_name",
]
