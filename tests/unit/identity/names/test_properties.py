"""What holds of every comparison, whatever the names."""

from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.identity.names import Name, NameLevel, compare_names, parse_name

SYLLABLES = "chan wong lau tai man ka ming wai siu ling chen dawen hsieh ta wen ng yeung tsz sze"
OTHERS = "peter nancy king walker bill william garcia o'brien jiaming zhang li lee"
LATIN = st.sampled_from(f"{SYLLABLES} {OTHERS}".split())
HAN = st.text(alphabet="陳黃劉李歐陽大文家明偉嘉芬小阿國国明華", min_size=1, max_size=4)
WORDS = st.lists(LATIN, min_size=1, max_size=4)
TEXTS = st.one_of(
    WORDS.map(" ".join),
    WORDS.map(lambda words: " ".join(words).title()),
    HAN,
    st.tuples(LATIN, HAN).map(" ".join),
    st.text(max_size=20),
)
NAMES = st.builds(parse_name, TEXTS, local=st.one_of(st.just(""), HAN), display=TEXTS)


@given(NAMES, NAMES)
def test_comparison_is_symmetric(a: Name, b: Name) -> None:
    assert compare_names(a, b) == compare_names(b, a)


@given(NAMES)
def test_a_name_is_exactly_itself(name: Name) -> None:
    match = compare_names(name, name)
    assert match.level is (NameLevel.UNKNOWN if name.is_empty else NameLevel.EXACT)


@given(NAMES, NAMES)
def test_outcome_follows_from_level(a: Name, b: Name) -> None:
    match = compare_names(a, b)
    assert match.agrees or match.level > NameLevel.TYPO
    assert match.conflicts == (match.level >= NameLevel.SIBLING)
    assert 0 <= match.similarity <= 1


@given(st.permutations(["chan", "tai", "man"]), st.permutations(["nancy", "ann", "king"]))
def test_order_of_words_never_conflicts(chinese: list[str], western: list[str]) -> None:
    for words, name in ((chinese, "chan tai man"), (western, "nancy ann king")):
        assert compare_names(parse_name(" ".join(words)), parse_name(name)).agrees


@given(WORDS, st.data())
def test_case_and_spacing_never_conflict(words: list[str], data: st.DataObject) -> None:
    text = " ".join(words)
    place = data.draw(st.integers(0, len(text)))
    other = (text[:place] + " " + text[place:]).upper()
    joined = "".join(words)
    for changed in (other, joined, text.title()):
        assert not compare_names(parse_name(text), parse_name(changed)).conflicts


@settings(max_examples=50)
@given(TEXTS)
def test_parsing_twice_gives_equal_names(text: str) -> None:
    first = parse_name(text)
    parse_name.cache_clear()
    second = parse_name(text)
    assert first == second
    assert hash(first) == hash(second)
    assert first.keys == second.keys
