"""The keys of codes in Secrets Manager."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rapport.aws.code_keys import KEPT, SecretsManagerCodeKeys
from rapport.kernel.clock import FixedClock
from rapport.kernel.errors import Misconfigured
from tests.builders import NOW


@pytest.fixture
def secrets() -> Iterator[Any]:
    with mock_aws():
        made = boto3.client(
            "secretsmanager",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        made.create_secret(Name="otp", SecretString="first")
        yield made


def test_a_rotated_key_serves_new_codes_after_minutes_and_old_ones_still(secrets: Any) -> None:
    clock = FixedClock(NOW)
    keys = SecretsManagerCodeKeys(secrets, "otp", clock)
    first = keys.current()
    secrets.put_secret_value(SecretId="otp", SecretString="second")
    assert keys.current() == first

    clock.advance(KEPT + timedelta(seconds=1))
    second = keys.current()

    assert second != first
    assert (keys.of(first), keys.of(second)) == (b"first", b"second")


def test_another_process_reads_the_key_of_a_code_in_flight(secrets: Any) -> None:
    first = SecretsManagerCodeKeys(secrets, "otp", FixedClock(NOW)).current()
    secrets.put_secret_value(SecretId="otp", SecretString="second")
    assert SecretsManagerCodeKeys(secrets, "otp", FixedClock(NOW)).of(first) == b"first"


def test_a_missing_secret_is_an_operators_problem(secrets: Any) -> None:
    keys = SecretsManagerCodeKeys(secrets, "nothing", FixedClock(NOW))
    with pytest.raises(Misconfigured):
        keys.current()


def test_a_clock_that_goes_back_reads_again(secrets: Any) -> None:
    clock = FixedClock(NOW)
    keys = SecretsManagerCodeKeys(secrets, "otp", clock)
    first = keys.current()
    secrets.put_secret_value(SecretId="otp", SecretString="second")
    clock.advance(timedelta(hours=-1))
    assert keys.current() != first
