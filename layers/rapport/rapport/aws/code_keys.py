"""The keys of codes in Secrets Manager: each of the secret's versions is one."""

from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from rapport.kernel.clock import Clock
from rapport.kernel.errors import Misconfigured

KEPT = timedelta(minutes=5)
"""How long the current version is taken for the current one: rotating waits for nobody."""


class SecretsManagerCodeKeys:
    """`CodeKeys` in one secret. Rotate by putting a new value into it: codes in flight are derived
    with the version they began with, which Secrets Manager keeps for a day at the very least."""

    def __init__(self, client: Any, secret: str, clock: Clock) -> None:
        self._client = client
        self._secret = secret
        self._clock = clock
        self._known: dict[str, bytes] = {}
        self._current: tuple[datetime, str] | None = None

    def current(self) -> str:
        """One GetSecretValue every five minutes."""
        now = self._clock.now()
        if self._current is None or not timedelta(0) <= now - self._current[0] <= KEPT:
            self._current = (now, self._read())
        return self._current[1]

    def of(self, version: str) -> bytes:
        """One GetSecretValue a version and process."""
        if version not in self._known:
            self._read(VersionId=version)
        return self._known[version]

    def _read(self, **which: str) -> str:
        try:
            answer = self._client.get_secret_value(SecretId=self._secret, **which)
        except ClientError as error:
            absent = {"ResourceNotFoundException", "InvalidRequestException"}
            if error.response["Error"]["Code"] in absent:
                raise Misconfigured("The secret with the key of codes is missing.") from None
            raise
        version = str(answer["VersionId"])
        self._known[version] = str(answer["SecretString"]).encode()
        return version
