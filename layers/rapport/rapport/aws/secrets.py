"""Channel accounts and keys in Secrets Manager, kept in memory for some minutes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from rapport.channels.base import Account
from rapport.ingest.model import check_name
from rapport.kernel.clock import Clock
from rapport.kernel.errors import InvalidInput, Misconfigured, NotFound
from rapport.kernel.json import loads

KEPT = timedelta(minutes=5)
FRESH = timedelta(seconds=10)
"""A secret younger than this is not read again for a bad signature: forgers must not cost calls."""


class SecretsManagerAccounts:
    """`ChannelAccounts` under `rapport/{stage}/channels/{channel}/{account}`."""

    def __init__(self, client: Any, stage: str, clock: Clock) -> None:
        self._client = client
        self._stage = stage
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[datetime, Account | None]] = {}

    def get(self, channel: str, name: str) -> Account:
        """One GetSecretValue every five minutes; unknown names are remembered for ten seconds.

        What cannot name an account is not asked for: names come from addresses that strangers call,
        and CloudTrail keeps the names of the secrets that were asked for.
        """
        check_name(channel, name)
        now = self._clock.now()
        at, account = self._known.get((channel, name), (None, None))
        if at is None or not _is_within(now - at, KEPT if account else FRESH):
            account = self._read(channel, name)
            self._known[channel, name] = (now, account)
        if account is None:
            raise NotFound("No account of that channel has this name.")
        return account

    def refresh(self, channel: str, name: str) -> bool:
        """Forget an account read more than ten seconds ago."""
        at, _ = self._known.get((channel, name), (None, None))
        if at is None or _is_within(self._clock.now() - at, FRESH):
            return False
        del self._known[channel, name]
        return True

    def _read(self, channel: str, name: str) -> Account | None:
        value = read_secret(self._client, secret_name(self._stage, channel, name))
        if value is None:
            return None
        try:
            document = loads(value)
        except InvalidInput:
            document = None
        if not isinstance(document, dict):
            raise Misconfigured(f"The secret of {channel}/{name} must be a JSON object.")
        return Account(channel=channel, name=name, document=document)


def _is_within(age: timedelta, limit: timedelta) -> bool:
    """A negative age is of a clock that went back: what was read may be any age."""
    return timedelta(0) <= age <= limit


def secret_name(stage: str, channel: str, name: str) -> str:
    """Where an account's document lies."""
    return f"rapport/{stage}/channels/{channel}/{name}"


def read_secret(client: Any, name: str) -> str | None:
    """The current value of a secret; None where there is none."""
    try:
        answer = client.get_secret_value(SecretId=name)
    except ClientError as error:
        # The second is what is said of a secret that waits for its deletion.
        absent = {"ResourceNotFoundException", "InvalidRequestException"}
        if error.response["Error"]["Code"] in absent:
            return None
        raise
    return str(answer["SecretString"])


def key_source(client: Any, name: str) -> Callable[[], bytes]:
    """Reads a key once a process; for keys that never change."""
    kept: list[bytes] = []

    def key() -> bytes:
        if not kept:
            value = read_secret(client, name)
            if value is None:
                raise Misconfigured(f"The secret {name} is missing.")
            kept.append(value.encode())
        return kept[0]

    return key
