"""What all tests share: the whole stack, and how tests are spread over processes."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from local.context import StackContext


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the one referee database run one after another, in one process."""
    for item in items:
        if item.get_closest_marker("conformance"):
            item.add_marker(pytest.mark.xdist_group("conformance"))


@pytest.fixture(scope="session")
def stack() -> "StackContext":
    """The whole stack, as `make up` deploys it; left running for the next run."""
    from local import up

    return up.up()
