"""What tests of single functions stand on: moto with everything that template.yaml names."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto import mock_aws

from rapport import wiring
from rapport.aws.clients import client
from tests.platform.functions import load_handler
from tests.tables import create_all, environment, function_of, resources

Handler = Callable[[Any, Any], Any]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """moto with the template's tables, queues, bus, bucket and secrets; empty wiring."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client.cache_clear()
        wiring.reset()
        create_all(client)
        yield
    client.cache_clear()
    wiring.reset()


@pytest.fixture
def function(aws: None) -> Callable[[str], Handler]:
    """Gives the real handler of `functions/*/<verb_noun>`, to run in its template environment."""

    def load(verb_noun: str) -> Handler:
        logical_id = function_of(verb_noun)
        handler = load_handler(logical_id)
        variables = resources().environment(logical_id)

        def run(event: Any, context: Any = None) -> Any:
            with environment(variables):
                return handler(event, context)

        return run

    return load
