"""The nearest of the locales there are words for."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

Words = TypeVar("Words")

_ALIASES = {
    "yue": "zh-hk",
    "zh-mo": "zh-hk",
    "zh-hant": "zh-tw",
    "zh-hans": "zh-cn",
    "zh-sg": "zh-cn",
    "zh": "zh-cn",
    "cmn": "zh-cn",
    "pt": "pt-br",
}


def nearest(locale: str, *known: Mapping[str, Words]) -> tuple[str, Words] | None:
    """The name and words that come nearest to `locale`, of earlier mappings first; None for none.

    Takes BCP 47 tags in any case, with `-` or `_`: `zh-Hant-TW`, `yue-HK`, `es_MX`.
    """
    by_name = [{name.lower(): name for name in each} for each in known]
    for wanted in _names(locale):
        for each, names in zip(known, by_name, strict=True):
            if wanted in names:
                return names[wanted], each[names[wanted]]
    return None


def _names(locale: str) -> Iterator[str]:
    parts = locale.lower().replace("_", "-").split("-")
    # A region decides more than a script: zh-Hant-HK is Cantonese, zh-Hant alone is Taiwan's.
    tags = [f"{parts[0]}-{parts[-1]}"]
    tags += ["-".join(parts[:count]) for count in range(len(parts), 0, -1)]
    for tag in tags:
        yield tag
        if tag in _ALIASES:
            yield _ALIASES[tag]
