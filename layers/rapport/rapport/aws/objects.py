"""S3: what is too large for a queue, and attachments."""

from typing import Any

from botocore.exceptions import ClientError

from rapport.kernel.errors import NotFound


class S3Objects:
    """`Objects` in one bucket, encrypted by its default key."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes, content_type: str) -> None:
        """One PutObject; again is the same."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType=content_type)

    def get(self, key: str) -> bytes:
        """One GetObject; raises `NotFound`."""
        try:
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                raise NotFound("The stored object has expired.") from None
            raise
        return bytes(answer["Body"].read())
