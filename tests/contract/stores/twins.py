"""A store on DynamoDB and its twin, to which the same happens."""

import functools
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from hypothesis.stateful import RuleBasedStateMachine
from moto import mock_aws

from rapport.kernel.errors import RapportError
from tests.contract.stores.engines import Dynamo, Engine, Memory


@functools.cache
def _client() -> Any:
    return boto3.client(
        "dynamodb",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(parameter_validation=False),
    )


class Twins(RuleBasedStateMachine):
    """A store and its twin, both empty."""

    make: Callable[[Engine], Any]

    def __init__(self) -> None:
        super().__init__()
        self._aws = mock_aws()
        self._aws.start()
        self._stores = [type(self).make(Memory()), type(self).make(Dynamo(_client()))]

    def teardown(self) -> None:
        """Leave moto as it was found."""
        self._aws.stop()

    def both(self, method: str, *args: Any, **named: Any) -> Any:
        """Make one call on both; the answer they agree on."""
        answers = [_answer(getattr(store, method), *args, **named) for store in self._stores]
        assert answers[0] == answers[1], (method, args, named)
        return answers[0]


def _answer(call: Callable[..., Any], *args: Any, **named: Any) -> Any:
    try:
        return call(*args, **named)
    except RapportError as error:
        return type(error)
