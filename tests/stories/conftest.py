"""The whole stack, as `make up` deploys it; started once, left running for the next run."""

import uuid
from collections.abc import Iterator

import pytest

from local.api import Api, twins
from local.context import StackContext
from local.demo import Officer


@pytest.fixture
def officer(stack: StackContext) -> Iterator[Officer]:
    signed_in = Officer.signs_in(stack, "omar@bank.example")
    try:
        yield signed_in
    finally:
        signed_in.goes()


@pytest.fixture
def providers(stack: StackContext) -> Api:
    return twins(stack)


@pytest.fixture
def somebody() -> str:
    """A phone number that nobody had before."""
    return f"+1415{uuid.uuid4().int % 9_000_000 + 1_000_000:07d}"
