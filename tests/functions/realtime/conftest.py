"""One fixture for both handlers' tests."""

import pytest

from tests.functions.realtime.stack import Stack


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The functions on empty stores."""
    return Stack(monkeypatch)
