"""What all tests share: how they are spread over processes."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one shared thing (the stack, the referee database) run one after another."""
    for item in items:
        for shared in ("stack", "conformance"):
            if item.get_closest_marker(shared):
                item.add_marker(pytest.mark.xdist_group(shared))
