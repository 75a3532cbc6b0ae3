"""One botocore client a process and service, built on first use."""

import os
from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

# Parameters are built by our own typed code: validating each again costs 5 % of a call. Retries are
# short, since every caller is itself redelivered; "standard" adds jitter and a retry quota.
CONFIG = Config(
    parameter_validation=False,
    connect_timeout=2,
    read_timeout=10,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=10,
)


@cache
def _session() -> Session:
    return get_session()


@cache
def client(service: str, endpoint_url: str | None = None, config: Config = CONFIG) -> Any:
    """The process's client of an AWS service (`dynamodb`, `sqs`, …), the same as boto3's.

    Made by botocore: boto3 imports its file transfers too, a quarter of a cold start.
    """
    region = os.environ.get("AWS_REGION", "us-east-1")
    return _session().create_client(
        service, region_name=region, endpoint_url=endpoint_url, config=config
    )
