"""Codes said aloud: digit by digit, slowly, twice, in the words of the listener's language.

Digits are said as one says them on the telephone there: in Mandarin of the mainland 1 is `yāo`
(幺), since `yī` is heard as seven; in Brazil 6 is `meia`, since `seis` is heard as three.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rapport.kernel.locales import nearest

DEFAULT_LOCALE = "en"
TIMES = 2
_RUN = re.compile(r"[0-9](?:[ ,.\-]{0,2}[0-9]){3,9}")
"""Four to ten digits, as they are or set apart: what a text has instead of a code given by name."""


@dataclass(frozen=True)
class Said:
    """A piece of what is said: words, or one digit of the code in words."""

    words: str
    is_digit: bool = False


DIGITS: Mapping[str, tuple[str, ...]] = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "zh-HK": ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九"),
    "zh-TW": ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九"),
    "zh-CN": ("零", "幺", "二", "三", "四", "五", "六", "七", "八", "九"),
    "ja": ("ゼロ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"),
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "pt-BR": ("zero", "um", "dois", "três", "quatro", "cinco", "meia", "sete", "oito", "nove"),
    "de": ("null", "eins", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"),
    "it": ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
    "ko": ("공", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"),
    "fr": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
}
"""By the locale whose words they are; see `spoken_locale`."""


def spoken_locale(locale: str) -> str:
    """The locale of `DIGITS` to speak in: the nearest to `locale`, else English."""
    found = nearest(locale, DIGITS)
    return found[0] if found else DEFAULT_LOCALE


def speak(text: str, code: str | None, locale: str) -> list[Said]:
    """`text` in pieces, its codes digit by digit; a code that it names once is said once more.

    `code` is what to look for; None: every run of four to ten digits.
    """
    words = DIGITS[spoken_locale(locale)]
    pattern = _pattern(code) if code else _RUN
    pieces: list[Said] = []
    found: list[list[Said]] = []
    end = 0
    for match in pattern.finditer(text):
        _append_words(pieces, text[end : match.start()])
        digits = [Said(words[int(char)], is_digit=True) for char in match[0] if char.isdigit()]
        found.append(digits)
        pieces += digits
        end = match.end()
    _append_words(pieces, text[end:])
    if not found and code:
        found = [[Said(words[int(char)], is_digit=True) for char in code]]
        pieces += found[0]
    for _ in range(TIMES - len(found) if found else 0):
        pieces += [Said(""), *found[-1]]
    return pieces


def _pattern(code: str) -> re.Pattern[str]:
    """The code, also with its digits set apart."""
    return re.compile(r"[ ,.\-]{0,2}".join(map(re.escape, code)))


def _append_words(pieces: list[Said], text: str) -> None:
    """Words between codes; a full stop alone after a code is no word."""
    if re.search(r"\w", text):
        pieces.append(Said(re.sub(r"^\W+", "", text).strip()))
