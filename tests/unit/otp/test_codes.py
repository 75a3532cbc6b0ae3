"""Codes out of a key, an id and a nonce."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.errors import Misconfigured
from rapport.otp.codes import code_of, digits, is_right, new_nonce, pseudonym
from rapport.otp.keys import subject_of, verification_id
from tests.unit.otp.builders import SUBJECT, a_verification
from tests.unit.otp.world import World

KEY = b"k" * 32


def test_the_same_verification_has_the_same_code() -> None:
    assert code_of(a_verification(), KEY) == code_of(a_verification(checks=3, channel="voice"), KEY)


@pytest.mark.parametrize("change", [{"nonce": "x"}, {"verification_id": "ver_other"}])
def test_another_nonce_or_id_has_another_code(change: dict[str, str]) -> None:
    assert code_of(a_verification(**change), KEY) != code_of(a_verification(), KEY)


def test_another_key_gives_another_code() -> None:
    assert code_of(a_verification(), b"j" * 32) != code_of(a_verification(), KEY)


@given(st.integers(4, 10), st.text(max_size=20))
def test_a_code_has_its_length_whatever_the_number(length: int, nonce: str) -> None:
    code = code_of(a_verification(length=length, nonce=nonce), KEY)
    assert len(code) == length
    assert code.isascii()
    assert code.isdecimal()


def test_every_digit_is_as_likely_in_every_place() -> None:
    codes = [code_of(a_verification(nonce=str(number)), KEY) for number in range(20_000)]
    for place in range(6):
        counts = Counter(code[place] for code in codes)
        # Five standard deviations of a binomial count around its mean of 2000.
        assert all(abs(count - 2_000) < 5 * 42.5 for count in counts.values())


def test_nonces_are_128_bits_and_never_the_same() -> None:
    made = {new_nonce() for _ in range(1_000)}
    assert len(made) == 1_000
    assert {len(one) for one in made} == {22}


@given(st.text(max_size=100))
def test_no_guess_breaks_the_comparison(guess: str) -> None:
    assert is_right(guess, "123456") is (digits(guess) == "123456")


def test_only_all_of_the_digits_are_right() -> None:
    assert is_right("123456", "123456")
    assert not any(is_right(guess, "123456") for guess in ("", "12345", "1234567", "123457"))


def test_pseudonyms_tell_kinds_and_keys_apart() -> None:
    made = {
        pseudonym(key, kind, "+14155550100")
        for key in (b"a", b"b")
        for kind in ("phone", "session")
    }
    assert len(made) == 4
    assert all(subject_of(verification_id(f"ver_{'0' * 26}", one)) == one for one in made)


@pytest.mark.parametrize(
    "text", ["", "ver_", f"ver_{'0' * 26}{SUBJECT}x", f"msg_{'0' * 26}{SUBJECT}", "ver_" + "!" * 42]
)
def test_what_is_no_id_of_ours_leads_nowhere(text: str) -> None:
    assert subject_of(text) is None


def test_rotating_the_key_breaks_no_code_in_flight() -> None:
    world = World()
    before = world.start()
    code = world.code(before)
    world.keys.rotate("k2", b"another key, also of 32 bytes ok")
    after = world.start(address="+14155550199", purpose="confirm_phone", session="s2")

    assert (before.key_version, after.key_version) == ("k1", "k2")
    assert world.check(before, code).approved is not None
    assert world.check(after, world.code(after), session="s2").approved is not None


def test_a_resend_after_a_rotation_sends_the_same_code() -> None:
    world = World()
    one = world.start()
    world.deliver()
    world.keys.rotate("k2", b"another key, also of 32 bytes ok")
    world.now(seconds=31)
    world.start()
    world.deliver()
    assert [world.code(one) in str(each.content) for each in world.phone] == [True, True]


def test_a_code_whose_key_is_gone_is_an_operators_problem() -> None:
    world = World()
    one = world.start()
    del world.keys.keys["k1"]
    with pytest.raises(Misconfigured):
        world.check(one, "123456")
