"""Bring any script to Latin letters or Han characters, and cut the result into words.

Cyrillic, Greek, Hangul, Kana and Arabic letters are transliterated by the short tables below, made
for comparison rather than for reading; Han characters stay as they are. Words in
other scripts stay as they are: they compare within their script, and are unknown beside another.
"""

import re
import unicodedata
from typing import Final


def _pair(letters: str, spelled: str) -> dict[str, str]:
    return dict(zip(letters, spelled.split(), strict=True))


_CYRILLIC: Final = _pair(
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґўђћљњџјқғұәөүңһ",
    "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i yi ye g u"
    " dj c lj nj dz j k g u a o u n h",
)
_GREEK: Final = _pair(
    "αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o"
)
_ARABIC: Final = _pair(
    "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىپچژگکیءأإآؤئ",
    "a b t th j h kh d dh r z s sh s d t z - gh f q k l m n h w y a a p ch zh g k y - a a a w y",
)
_EXTRA: Final = {
    "ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i",
    "ħ": "h", "ŋ": "ng", "ə": "a", "ʻ": "", "ʼ": "", "'": "", "’": "", "‘": "", "`": "", "´": "",
    "ʹ": "", "ʾ": "", "ʿ": "", "·": " ", "・": " ", "ー": "",
}  # fmt: skip
_LETTERS: Final = str.maketrans(
    {k: v.replace("-", "") for t in (_CYRILLIC, _GREEK, _ARABIC, _EXTRA) for k, v in t.items()}
)

_INITIALS: Final = "g kk n d tt r m b pp s ss - j jj ch k t p h"
_VOWELS: Final = "a ae ya yae eo e yeo ye o wa wae oe yo u wo we wi yu eu ui i"
_FINALS: Final = "- k k k n n n t l k m l l l p l m p p t t ng t t k t p t"
_HANGUL_INITIALS: Final = _INITIALS.split()
_HANGUL_VOWELS: Final = _VOWELS.split()
_HANGUL_FINALS: Final = _FINALS.split()
_KANA: Final = _pair(
    "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよ"
    "らりるれろわをんがぎぐげござじずぜぞだぢづでどばびぶべぼぱぴぷぺぽ",
    "a i u e o ka ki ku ke ko sa shi su se so ta chi tsu te to na ni nu ne no ha hi fu he ho ma"
    " mi mu me mo ya yu yo ra ri ru re ro wa o n ga gi gu ge go za ji zu ze zo da ji zu de do ba"
    " bi bu be bo pa pi pu pe po",
)

_LATIN_MARKS: Final = re.compile(r"[\u0300-\u036f\u064b-\u0670]")
_HAN: Final = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_HAN_RUN: Final = re.compile(f"[{_HAN}]+(?:\\s+[{_HAN}]+)*")
_WORD: Final = re.compile(r"[a-z]+")
_DIGIT_IN_WORD: Final = re.compile(r"(?<=[a-z])[01359](?=[a-z])")
_DIGITS: Final = dict(zip("01359", "oiesg", strict=True))
_CASED_WORD: Final = re.compile(r"[^\W\d_]+(?:['’‘`´ʼʻ][^\W\d_]+)*")


def find_han(text: str) -> list[str]:
    """The runs of Han characters in it, spaces between them left out."""
    return ["".join(run.split()) for run in _HAN_RUN.findall(text)]


def without_han(text: str) -> str:
    """The text with its Han characters left out."""
    return _HAN_RUN.sub(" ", text)


def fold_latin(text: str) -> str:
    """The text in lower-case letters of the English alphabet, other scripts transliterated."""
    if text.isascii():
        return text.lower().replace("'", "").replace("`", "")
    plain = unicodedata.normalize("NFKC", text).casefold()
    decomposed = unicodedata.normalize("NFKD", plain.translate(_LETTERS))
    if not decomposed.isascii():
        decomposed = unicodedata.normalize("NFC", decomposed)
        decomposed = "".join(map(_spell_letter, decomposed))
        decomposed = unicodedata.normalize("NFKD", decomposed).translate(_LETTERS)
        decomposed = _LATIN_MARKS.sub("", decomposed)
    return decomposed


def _spell_letter(letter: str) -> str:
    code = ord(letter)
    if 0xAC00 <= code <= 0xD7A3:
        index = code - 0xAC00
        initial, vowel = _HANGUL_INITIALS[index // 588], _HANGUL_VOWELS[index % 588 // 28]
        return (initial + vowel + _HANGUL_FINALS[index % 28] + " ").replace("-", "")
    if 0x30A1 <= code <= 0x30F6:
        code -= 0x60
        letter = chr(code)
    return _KANA.get(letter, letter)


def split_words(folded: str) -> list[str]:
    """The words of a folded text: hyphens, digits, signs and emojis part them.

    A digit within a word is read as the letter it looks like. Words in scripts that are not
    transliterated stay as they are.
    """
    if folded.isascii():
        if not folded.isalpha() and _DIGIT_IN_WORD.search(folded):
            folded = _DIGIT_IN_WORD.sub(lambda found: _DIGITS[found[0]], folded)
        return _WORD.findall(folded)
    kept = "".join(c if unicodedata.category(c)[0] in "LM" else " " for c in folded)
    return [word for word in kept.split() if unicodedata.category(word[0])[0] == "L"]


def script_of(text: str) -> str:
    """The script of the first letter: "LATIN", "HANGUL", "ARABIC" …; "" when there is none."""
    if text.isascii():
        return "LATIN"
    for letter in text:
        if letter.isalpha():
            return unicodedata.name(letter, "").partition(" ")[0]
    return ""


def find_shouted(text: str) -> int:
    """Where the surname is written in capitals and the rest is not: at 0 (first) or -1 (last).

    Returns 1 when capitals tell nothing, as in "CHAN TAI MAN" or "Chan Tai Man".
    """
    words = _CASED_WORD.findall(text)
    if len(words) < 2:
        return 1
    for place, word, others in ((0, words[0], words[1:]), (-1, words[-1], words[:-1])):
        if len(word) > 1 and word.isupper() and all(w[1:].islower() for w in others if w[1:]):
            return place
    return 1
