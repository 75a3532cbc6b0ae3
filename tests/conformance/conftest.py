"""Amazon's own DynamoDB Local under sixteen threads."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import pytest

from tests.conformance import dynamodb_local
from tests.contract.stores.engines import Dynamo

THREADS = 16
Result = TypeVar("Result")
AtOnce = Callable[[Callable[[int], Result]], list[Result]]


@pytest.fixture(scope="session")
def local_client() -> Any:
    """One client; botocore's clients are safe under threads."""
    return dynamodb_local.new_client(dynamodb_local.endpoint())


@pytest.fixture
def engine(local_client: Any) -> Iterator[Dynamo]:
    """Empty tables."""
    made = Dynamo(local_client)
    yield made
    made.drop()


@pytest.fixture(scope="session")
def at_once() -> Iterator[AtOnce[Any]]:
    """Runs a function sixteen times at the same instant, with 0 to 15; what each gave."""
    with ThreadPoolExecutor(THREADS) as pool:

        def run(function: Callable[[int], Any]) -> list[Any]:
            barrier = Barrier(THREADS)

            def started(number: int) -> Any:
                barrier.wait(20)
                return function(number)

            return list(pool.map(started, range(THREADS)))

        yield run
