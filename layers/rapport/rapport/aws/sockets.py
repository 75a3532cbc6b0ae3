"""The WebSocket API's sending side: one frame to one connection, bounded in time."""

from collections.abc import Callable
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from rapport.aws.clients import client
from rapport.realtime.ports import Posted

# One socket's trouble must not become everybody's: no retries, and a second or two at most.
CONFIG = Config(
    parameter_validation=False,
    connect_timeout=1,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 1},
    max_pool_connections=10,
)


class ApiGatewaySockets:
    """`Sockets` on API Gateway's management API; safe to use from several threads."""

    def __init__(self, make_client: Callable[[], Any]) -> None:
        self._make_client = make_client
        self._lock = Lock()
        self._made: Any = None

    def post(self, connection_id: str, data: bytes) -> Posted:
        """One PostToConnection."""
        try:
            self._client().post_to_connection(ConnectionId=connection_id, Data=data)
        except ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
            is_gone = status == 410 or error.response["Error"]["Code"] == "GoneException"
            return Posted.GONE if is_gone else Posted.FAILED
        except BotoCoreError:  # no connection, or no answer in time
            return Posted.FAILED
        return Posted.SENT

    def _client(self) -> Any:
        # Making clients is not safe from several threads, using one is.
        with self._lock:
            if self._made is None:
                self._made = self._make_client()
            return self._made


def management_client(endpoint_url: str) -> Any:
    """The client of one API's stage, e.g. `https://abc.execute-api.eu-west-1.amazonaws.com/dev`."""
    return client("apigatewaymanagementapi", endpoint_url, CONFIG)
