"""Compare two Latin names of any origin by their words."""

from rapidfuzz.distance import OSA

from rapport.identity.names import latin
from rapport.identity.names.latin import Alignment, align
from rapport.identity.names.levels import (
    CONFLICT,
    NICKNAME,
    PARTIAL,
    SIBLING,
    TYPO,
    UNKNOWN,
    NameMatch,
    judge,
)
from rapport.identity.names.parsing import Form
from rapport.identity.names.readings import table


def compare_words(a: Form, b: Form) -> NameMatch:
    """How two Latin names relate, word by word in any order."""
    alignment = align(a.core, b.core)
    if not alignment.pairs:
        return _judge_strangers(a, b)
    if alignment.left and alignment.right:
        return _judge_leftovers(a, b, alignment)
    if len(alignment.pairs) == 1 and (alignment.left or alignment.right):
        return _judge_single(a, b, alignment)
    return _judge_aligned(a, b, alignment)


def _judge_strangers(a: Form, b: Form) -> NameMatch:
    """No word in common. One given name beside a lone surname tells nothing."""
    if len(a.core) == 1 and len(b.core) == 1 and _is_surname(a.core[0]) != _is_surname(b.core[0]):
        return judge(UNKNOWN, 0.0)
    return judge(CONFLICT, 0.0)


def _is_surname(word: str) -> bool:
    return word in table().every_surname and word not in table().given_names


def _judge_aligned(a: Form, b: Form, alignment: Alignment) -> NameMatch:
    """All words of one name found in the other."""
    typos = alignment.count(latin.TYPO)
    initials = alignment.count(latin.INITIAL)
    pairs = len(alignment.pairs)
    extra = len(alignment.left) + len(alignment.right)
    similarity = alignment.similarity * (0.95**extra)
    doubtful = initials == 1 and any(p[3] < 0.2 for p in alignment.pairs)
    if doubtful or (initials == 1 and pairs == 2 and _has_given_beside(a, b, alignment)):
        return judge(PARTIAL, 0.3)
    if initials == pairs or (initials + typos == pairs and pairs > 1 and initials):
        return judge(PARTIAL, 0.5 * similarity)
    if pairs == 1:
        similarity *= 0.7
    if typos:
        return judge(TYPO, similarity)
    return judge(NICKNAME, similarity)


def _has_given_beside(a: Form, b: Form, alignment: Alignment) -> bool:
    """Whether a whole given name is left over where only an initial and a surname agree."""
    left = [a.core[i] for i in alignment.left] + [b.core[j] for j in alignment.right]
    return any(len(word) > 1 for word in left)


def _judge_single(a: Form, b: Form, alignment: Alignment) -> NameMatch:
    """One word against several: "Rebecca" or "Chan" beside "Rebecca Chan"."""
    i, j, kind, similarity = alignment.pairs[0]
    whole, place = (a, i) if len(a.core) > len(b.core) else (b, j)
    if len(a.core) > 1 and len(b.core) > 1:
        return judge(PARTIAL, 0.4)
    if kind is latin.INITIAL:
        return judge(PARTIAL, 0.2)
    if _is_surname_at(whole, place):
        return judge(PARTIAL, 0.4 * similarity)
    return judge(PARTIAL, 0.7 * similarity, agrees=True)


def _is_surname_at(form: Form, place: int) -> bool:
    last = len(form.core) - 1
    if form.surname_at != 1:
        return place == (0 if form.surname_at == 0 else last)
    if _is_surname(form.core[place]):
        return True
    return place == last and not any(map(_is_surname, form.core))


def _judge_leftovers(a: Form, b: Form, alignment: Alignment) -> NameMatch:
    """Both have words the other lacks: the given names conflict, or the surnames, or all."""
    likest = max(
        OSA.normalized_similarity(a.core[i], b.core[j])
        for i in alignment.left
        for j in alignment.right
    )
    agreeing = alignment.similarity * len(alignment.pairs)
    similarity = (agreeing + likest) / max(len(a.core), len(b.core))
    strong = [p for p in alignment.pairs if p[2] is not latin.INITIAL]
    surname = any(_may_be_surname(a, p[0]) and _may_be_surname(b, p[1]) for p in strong)
    return judge(SIBLING if surname else CONFLICT, 0.8 * similarity)


def _may_be_surname(form: Form, place: int) -> bool:
    if form.surname_at != 1:
        return place == (0 if form.surname_at == 0 else len(form.core) - 1)
    return _is_surname_at(form, place) or place == len(form.core) - 1
