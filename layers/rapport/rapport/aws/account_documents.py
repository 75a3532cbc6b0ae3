"""Channel accounts' documents in Secrets Manager, as operators write them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from rapport.aws.secrets import secret_name
from rapport.kernel.errors import Conflict, InvalidInput, Misconfigured, NotFound, Transient
from rapport.kernel.json import dumps, loads
from rapport.kernel.page import Page, decode_cursor, encode_cursor

RECOVERY_DAYS = 7
# `InvalidRequestException` is what Secrets Manager says of a secret that waits for its deletion.
_ABSENT = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
_BUSY = frozenset({"ThrottlingException", "InternalServiceError", "LimitExceededException"})


class SecretsManagerDocuments:
    """`AccountDocuments` under `rapport/{stage}/channels/{channel}/{account}`."""

    def __init__(self, client: Any, stage: str, kms_key_id: str | None = None) -> None:
        self._client = client
        self._stage = stage
        self._key = {"KmsKeyId": kms_key_id} if kms_key_id else {}

    def read(self, channel: str, account: str) -> dict[str, Any]:
        """One GetSecretValue."""
        with _translated():
            answer = self._client.get_secret_value(SecretId=self._name(channel, account))
        try:
            document = loads(answer["SecretString"])
        except InvalidInput:
            document = None
        if not isinstance(document, dict):
            raise Misconfigured(f"The secret of {channel}/{account} must be a JSON object.")
        return document

    def create(self, channel: str, account: str, document: dict[str, Any]) -> None:
        """One CreateSecret."""
        try:
            with _translated():
                self._client.create_secret(
                    Name=self._name(channel, account), SecretString=dumps(document), **self._key
                )
        except NotFound:
            raise Conflict("The account waits for its deletion.") from None

    def replace(self, channel: str, account: str, document: dict[str, Any]) -> None:
        """One PutSecretValue."""
        with _translated():
            self._client.put_secret_value(
                SecretId=self._name(channel, account), SecretString=dumps(document)
            )

    def delete(self, channel: str, account: str) -> None:
        """One DeleteSecret; a week to change one's mind."""
        try:
            with _translated():
                self._client.delete_secret(
                    SecretId=self._name(channel, account), RecoveryWindowInDays=RECOVERY_DAYS
                )
        except NotFound:
            return

    def restore(self, channel: str, account: str) -> None:
        """One RestoreSecret; nothing where it waits for no deletion."""
        try:
            with _translated():
                self._client.restore_secret(SecretId=self._name(channel, account))
        except NotFound:
            return

    def names(self, cursor: str | None, limit: int) -> Page[tuple[str, str]]:
        """One ListSecrets, which may lag some seconds behind a change."""
        token = decode_cursor(cursor)
        if token is not None and not isinstance(token, str):
            raise InvalidInput("Pass the cursor of the page before, unchanged.", field="cursor")
        with _translated():
            answer = self._client.list_secrets(
                MaxResults=limit,
                Filters=[{"Key": "name", "Values": [self._name("", "").rstrip("/") + "/"]}],
                **({"NextToken": token} if token else {}),
            )
        found = [_parts(one["Name"]) for one in answer.get("SecretList", [])]
        return Page([one for one in found if one], encode_cursor(answer.get("NextToken")))

    def _name(self, channel: str, account: str) -> str:
        return secret_name(self._stage, channel, account)


def _parts(name: str) -> tuple[str, str] | None:
    match name.split("/"):
        case [_, _, _, channel, account]:
            return channel, account
        case _:
            return None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _ABSENT:
            raise NotFound("No account of that channel has this name.") from None
        if code == "ResourceExistsException":
            raise Conflict("The account exists.") from None
        if code == "InvalidNextTokenException":
            raise InvalidInput(
                "Pass the cursor of the page before, unchanged.", field="cursor"
            ) from None
        if code in _BUSY:
            raise Transient("The secrets' store is busy; try again.") from None
        raise
