"""S3: addresses that read one object for some minutes."""

import os
from datetime import timedelta
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config

from rapport.aws.clients import CONFIG


class S3Links:
    """`Links` into one bucket. Objects under a key of ours take signature version 4 only."""

    def __init__(self, bucket: str) -> None:
        self._bucket = bucket

    def link(self, key: str, life: timedelta) -> str:
        """Signed here, without a call; a download rather than a page, whatever the type says."""
        return str(
            self._client.generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket,
                    "Key": key,
                    "ResponseContentDisposition": "attachment",
                },
                ExpiresIn=int(life.total_seconds()),
            )
        )

    @cached_property
    def _client(self) -> Any:
        region = os.environ.get("AWS_REGION", "us-east-1")
        # The bucket's name in the host names its region too; emulators have no such hosts.
        style: Any = "path" if os.environ.get("AWS_ENDPOINT_URL") else "virtual"
        config: Any = CONFIG.merge(Config(signature_version="s3v4", s3={"addressing_style": style}))
        return boto3.client("s3", region_name=region, config=config)
