"""Idempotency in DynamoDB: one item a request, gone after a day."""

from datetime import datetime
from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    ConditionFailed,
    DynamoClient,
    Item,
    to_item,
    translated,
    values,
)
from rapport.idempotency.model import Answer, Request
from rapport.kernel.clock import iso, parse_iso


class DynamoRequests:
    """`Requests` on the API's table."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def claim(self, request: Request) -> Request | None:
        """One conditional put; what has expired counts as gone, whether swept already or not."""
        try:
            with translated():
                self._client.put_item(
                    TableName=self._table,
                    Item=_item(request),
                    ConditionExpression="attribute_not_exists(pk) OR expires_at <= :now",
                    ExpressionAttributeValues=values(now=int(request.started_at.timestamp())),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
        except ConditionFailed as failed:
            return _request(failed.item) if failed.item else request
        return None

    def retake(self, known: Request, until: datetime) -> bool:
        """One conditional update; the claim's end tells one attempt from the next."""
        return self._update(
            known,
            "SET claimed_until = :until",
            "attribute_not_exists(#status) AND claimed_until = :known",
            until=iso(until),
            known=iso(known.claimed_until),
        )

    def complete(self, request: Request, answer: Answer) -> None:
        """One conditional update."""
        self._update(
            request,
            "SET #status = :status, body = :body",
            "attribute_not_exists(#status)",
            status=answer.status,
            body=answer.body,
        )

    def release(self, request: Request, at: datetime) -> None:
        """One conditional update."""
        self._update(
            request,
            "SET claimed_until = :at",
            "attribute_not_exists(#status) AND claimed_until = :known",
            at=iso(at),
            known=iso(request.claimed_until),
        )

    def _update(self, request: Request, expression: str, condition: str, **bound: Any) -> bool:
        try:
            with translated():
                self._client.update_item(
                    TableName=self._table,
                    Key=_key(request.key),
                    UpdateExpression=expression,
                    ConditionExpression=f"seed_id = :seed AND {condition}",
                    ExpressionAttributeNames={"#status": "status"},
                    ExpressionAttributeValues=values(seed=request.seed_id, **bound),
                )
        except ConditionFailed:
            return False
        return True


def _key(key: str) -> Item:
    """`REQUEST#9f86d0…`, `REQUEST`: the digest of caller, route and Idempotency-Key."""
    return to_item({"pk": f"REQUEST#{key}", "sk": "REQUEST"})


def _item(request: Request) -> Item:
    return _key(request.key) | to_item(
        {
            "fingerprint": request.fingerprint,
            "seed_id": request.seed_id,
            "started_at": iso(request.started_at),
            "claimed_until": iso(request.claimed_until),
            "expires_at": int(request.expires_at.timestamp()),
            "v": SCHEMA_VERSION,
        }
    )


def _request(item: Item) -> Request:
    return Request(
        key=item["pk"].removeprefix("REQUEST#"),
        fingerprint=item["fingerprint"],
        seed_id=item["seed_id"],
        started_at=parse_iso(item["started_at"]),
        claimed_until=parse_iso(item["claimed_until"]),
        answer=Answer(item["status"], item["body"]) if "status" in item else None,
    )
