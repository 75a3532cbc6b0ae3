"""The engines that each store's contract suite runs on."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.conformance import dynamodb_local
from tests.contract.stores.engines import Dynamo, Engine, Memory


@pytest.fixture(scope="session")
def moto_client() -> Any:
    """One client for all tests: making one takes longer than a test."""
    return boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@pytest.fixture(scope="session")
def local_client() -> Any:
    """A client of DynamoDB Local, made when the first test asks for it."""
    return dynamodb_local.new_client(dynamodb_local.endpoint())


@pytest.fixture(
    params=["memory", "moto", pytest.param("local", marks=pytest.mark.conformance)],
)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine in turn, empty."""
    match request.param:
        case "memory":
            yield Memory()
        case "moto":
            with mock_aws():
                yield Dynamo(request.getfixturevalue("moto_client"))
        case _:
            made = Dynamo(request.getfixturevalue("local_client"))
            yield made
            made.drop()
