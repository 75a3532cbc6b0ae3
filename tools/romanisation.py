"""How a syllable is spelled in Latin letters: Hong Kong's way, Hanyu Pinyin, Wade-Giles.

Hong Kong's government romanisation has no published table; these are its customs as they are seen
in identity cards and street signs, and the private spellings beside them. A spelling may stand for
many syllables and a syllable may have many spellings, the usual one first.
"""

import re

_INITIALS = {
    "b": "p", "p": "p", "m": "m", "f": "f", "d": "t", "t": "t", "n": "n", "l": "l",
    "gw": "kw", "kw": "kw", "g": "k", "k": "k", "ng": "ng -", "h": "h", "w": "w",
    "z": "ch ts", "c": "ch ts", "s": "s sh", "j": "y", "": "-",
}  # fmt: skip

_FINALS = {
    "aa": "a ah ar", "aai": "ai", "aau": "au", "aam": "am", "aan": "an", "aang": "ang",
    "aap": "ap", "aat": "at", "aak": "ak",
    "a": "a", "ai": "ai", "au": "au", "am": "am um", "an": "an", "ang": "ang", "ap": "ap up",
    "at": "at", "ak": "ak",
    "e": "e eh ea", "ei": "ei i ee", "eng": "eng ing", "ek": "ek ik", "em": "em", "ep": "ep",
    "i": "i ee", "iu": "iu ew", "im": "im", "in": "in", "ing": "ing", "ip": "ip", "it": "it",
    "ik": "ik",
    "o": "o aw or", "oi": "oi oy", "ou": "o ou oo ow", "on": "on", "ong": "ong", "ot": "ot",
    "ok": "ok",
    "oe": "euh eu", "oeng": "eung eong", "oek": "euk eok",
    "eoi": "ui", "eon": "un eun", "eot": "ut eut",
    "u": "u oo", "ui": "ui ooi", "un": "un oon", "ung": "ung", "ut": "ut oot", "uk": "uk ook",
    "yu": "u ue", "yun": "uen un", "yut": "uet ut", "m": "m", "ng": "ng",
}  # fmt: skip

_WHOLE = {
    "gaa": "ka kar gar",
    "zi": "chi tsz tze tsze chee tzi", "ci": "chi tsz tze chee", "si": "sze si see shi tsz szeto",
    "ji": "yee yi ye e yie", "jyu": "yu yue u", "jyun": "yuen yun", "jyut": "yuet yut",
    "joeng": "yeung young yeong", "ng": "ng", "m": "ng m", "waa": "wah wa hwa", "faa": "fa fah wa",
    "jung": "yung", "jip": "yip ip", "wu": "wu woo u", "gun": "kwun koon kun", "gu": "ku koo",
    "gwong": "kwong kong", "gwok": "kwok kok", "gwik": "kwik", "mou": "mo mou", "lei": "lei lee li",
    "mei": "mei mi may", "hei": "hei hi hay", "sou": "so", "lou": "lo low lou", "hou": "ho hou",
    "hyun": "huen hin hun", "hyut": "huet hut", "zeoi": "chui tsui", "ceoi": "chui tsui",
    "san": "san sun shun", "zan": "chun chan", "can": "chan chun", "on": "on ngon",
    "oi": "oi ngoi", "au": "au ngau", "je": "ye yeh", "jeoi": "yui", "jeon": "yun", "juk": "yuk",
    "jaa": "ya", "jin": "yin in", "jim": "yim", "ze": "che tse", "ce": "che tse",
    "zang": "tsang chang", "cang": "tsang chang", "zoi": "choi tsoi", "coi": "choi tsoi",
    "kei": "kei ki kay", "gei": "kei ki gi", "bei": "pei pi", "pei": "pei pi", "fei": "fei fi fay",
    "aan": "an ngan", "ngaan": "ngan", "ngaa": "nga ngar ah", "ngai": "ngai", "ngo": "ngo o",
}  # fmt: skip

_JYUTPING = re.compile(
    r"(gw|kw|ng|[bpmfdtnlgkhwzcsj])?"
    r"((?:aa|[aiu]|eo|oe|yu|[eo])(?:ng|[iumnptk])?|ng|m)"
)


def hong_kong_spellings(syllable: str) -> list[str]:
    """The spellings of a Jyutping syllable without its tone, the usual one first."""
    if syllable in _WHOLE:
        return [s for s in _WHOLE[syllable].split() if s != "szeto"]
    found = _JYUTPING.fullmatch(syllable)
    if not found or found[2] not in _FINALS:
        return []
    initials = _INITIALS[found[1] or ""].split()
    if found[1] == "s" and found[2] in _SOFT:
        initials = ["sh", "s"]
    spellings = [
        (initial + final).replace("-", "")
        for final in _FINALS[found[2]].split()
        for initial in initials
    ]
    return list(dict.fromkeys(spellings))


_SOFT = ("ing", "eon", "ek", "iu", "eoi", "oeng", "yun", "oek")
"""Finals before which s is usually written sh: Shing, Shun, Shek, Shui, Sheung."""


def pinyin_spellings(syllable: str) -> list[str]:
    """The spellings of a Pinyin syllable, its ü given as v: passports have lyu, people lu or lv."""
    if syllable in ("lv", "nv"):
        return [syllable, syllable[0] + "u", syllable[0] + "yu"]
    if syllable in ("lve", "nve"):
        return [syllable, syllable[0] + "ue"]
    return [syllable] if syllable.isascii() and syllable.isalpha() else []


_WADE_GILES_INITIALS = {
    "zh": "ch", "ch": "ch", "sh": "sh", "b": "p", "p": "p", "d": "t", "t": "t", "g": "k",
    "k": "k", "j": "ch", "q": "ch", "x": "hs", "z": "ts", "c": "ts", "r": "j",
}  # fmt: skip
_WADE_GILES_FINALS = {
    "ong": "ung", "ian": "ien", "ie": "ieh", "ve": "ueh", "ue": "ueh", "iong": "iung", "v": "u",
}  # fmt: skip
_WADE_GILES_WHOLE = {
    "zi": "tzu", "ci": "tzu", "si": "szu ssu", "zhi": "chih", "chi": "chih", "shi": "shih",
    "ri": "jih", "ge": "ko", "ke": "ko", "he": "ho", "e": "o", "er": "erh", "gui": "kuei",
    "kui": "kuei", "you": "yu", "yi": "i yi", "yan": "yen", "ye": "yeh", "yong": "yung",
    "yue": "yueh", "guo": "kuo", "kuo": "kuo", "huo": "huo", "shuo": "shuo", "zhuo": "cho",
    "ju": "chu", "qu": "chu", "xu": "hsu", "jue": "chueh", "que": "chueh", "xue": "hsueh",
    "juan": "chuan", "quan": "chuan", "xuan": "hsuan", "jun": "chun", "qun": "chun", "xun": "hsun",
}  # fmt: skip


def wade_giles_spellings(syllable: str) -> list[str]:
    """The Wade-Giles spellings of a Pinyin syllable as passports have it: no apostrophe, no ü."""
    if syllable in _WADE_GILES_WHOLE:
        return _WADE_GILES_WHOLE[syllable].split()
    found = re.fullmatch(r"(zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])?([aeiouv]+(?:ng?)?)", syllable)
    if not found:
        return []
    initial, final = found[1] or "", found[2]
    written = _WADE_GILES_FINALS.get(final, final)
    if final == "uo" and initial not in ("g", "k", "h", "sh"):
        written = "o"
    return [_WADE_GILES_INITIALS.get(initial, initial) + written]
