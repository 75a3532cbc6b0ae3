"""Logs and metrics by stable names, without bodies, codes or addresses."""

import os
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger

from rapport.kernel.errors import RapportError


@cache
def logger() -> Logger:
    """The function's logger: JSON lines with the function's name and request id."""
    service = os.environ.get("POWERTOOLS_SERVICE_NAME", "rapport")
    # The place in the code would always be one of ours below, and every byte is paid for.
    return Logger(service=service, utc=True, location=None)


def log(event: str, **keys: Any) -> None:
    """Log that something happened, e.g. `log("sender_matched", customer_id=…)`: ids, never data."""
    logger().info(event, extra=keys)


def log_failure(event: str, error: BaseException, **keys: Any) -> None:
    """Log a failure by its type and our own message; a stranger's text never gets in.

    Exceptions from libraries may quote the data that broke them, so only their type is told, and of
    a refused AWS call its name and code.
    """
    told = {
        "error": type(error).__name__,
        "reason": error.message if isinstance(error, RapportError) else None,
        "operation": getattr(error, "operation_name", None),
        "code": _aws_code(error),
    }
    logger().warning(event, extra={key: value for key, value in told.items() if value} | keys)


def _aws_code(error: BaseException) -> str | None:
    response = getattr(error, "response", None)
    return response.get("Error", {}).get("Code") if isinstance(response, dict) else None
