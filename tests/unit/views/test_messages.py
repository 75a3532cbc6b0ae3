"""A customer's message in an address and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rapport.kernel.errors import NotFound
from rapport.views.messages import key_of, ref_of


@given(key=st.text(min_size=1, max_size=200))
def test_every_key_can_be_spelled_in_an_address_and_read_again(key: str) -> None:
    key = key.encode("utf-8", "replace").decode()
    ref = ref_of(key)
    assert key_of(ref) == key
    assert ref.replace("_", "").replace("-", "").isalnum()


@pytest.mark.parametrize(
    "ref", ["", "in_", "in_!", "in_A", "in_YQ==", "in__w", "msg_1", "YQ", "in_é"]
)
def test_what_is_no_spelling_of_ours_is_not_found(ref: str) -> None:
    with pytest.raises(NotFound):
        key_of(ref)
