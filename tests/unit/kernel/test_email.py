"""E-mail addresses compare by one spelling, and strangers are never folded together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.email import normalise
from rapport.kernel.errors import InvalidInput


@pytest.mark.parametrize(
    ("written", "spelling"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ＡＤＡ@example.com", "ada@example.com"),
        ("ada.lovelace+shop@example.com", "ada.lovelace+shop@example.com"),
    ],
)
def test_case_width_and_domain_script_do_not_matter(written: str, spelling: str) -> None:
    assert normalise(written) == spelling


def test_dots_and_tags_stay_since_only_the_provider_knows_what_they_mean() -> None:
    assert normalise("a.da@example.com") != normalise("ada@example.com")
    assert normalise("ada+1@example.com") != normalise("ada@example.com")


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ada",
        "@example.com",
        "ada@",
        "ada@localhost",
        "ada@exa mple.com",
        "ada@example..com",
        "a@b@example.com",
        "Ada <ada@example.com>",
        "ada@example.com, eve@example.com",
        "ada@example.com\nbcc:eve@example.com",
        '"ada"@example.com',
        f"{'a' * 65}@example.com",
        f"ada@{'a' * 64}.com",
        f"ada@{'a.' * 130}com",
    ],
)
def test_what_is_not_one_plain_address_is_refused(written: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        normalise(written)
    assert refused.value.field == "email"


@given(st.one_of(st.text(max_size=60), st.emails()))
def test_any_text_is_a_stable_spelling_or_refused(text: str) -> None:
    try:
        spelling = normalise(text)
    except InvalidInput:
        return
    assert normalise(spelling) == spelling
