"""Whether one given name is a short form of the other."""

from functools import lru_cache

from rapport.identity.names.readings import are_same_given_name


@lru_cache(100_000)
def is_nickname(a: str, b: str) -> bool:
    """Whether the two stand for one name, as Bob for Robert or Rob for Robert."""
    short, long = (a, b) if len(a) < len(b) else (b, a)
    return (len(short) >= 3 and long.startswith(short)) or are_same_given_name(a, b)
