"""Services in DynamoDB: what is in force, and beside it every version that was."""

from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    DynamoClient,
    Item,
    from_item,
    to_item,
    translated,
    values,
)
from rapport.kernel.errors import Conflict
from rapport.otp.items import item_key
from rapport.otp.keys import Key, service_key
from rapport.otp.settings import Service


class DynamoServices:
    """`Services` on the table of verifications."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def service(self, name: str) -> Service | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=item_key(service_key(name)), ConsistentRead=True
            )
        if "Item" not in answer:
            return None
        return Service.model_validate_json(from_item(answer["Item"])["document"])

    def save(self, service: Service) -> bool:
        """One transaction: what is in force, and the copy that stays."""
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        first = condition
        if service.version > 1:
            first = {
                "ConditionExpression": "version = :before",
                "ExpressionAttributeValues": values(before=service.version - 1),
            }
        puts = [
            self._put(service_key(service.name), service) | first,
            self._put(service_key(service.name, service.version), service) | condition,
        ]
        try:
            with translated():
                self._client.transact_write_items(TransactItems=[{"Put": one} for one in puts])
        except Conflict:
            return False
        return True

    def _put(self, key: Key, service: Service) -> Item:
        document = service.model_dump_json()  # what is None may be a choice: never to fall back
        item = {"document": document, "version": service.version, "v": SCHEMA_VERSION}
        return {"TableName": self._table, "Item": item_key(key) | to_item(item)}
