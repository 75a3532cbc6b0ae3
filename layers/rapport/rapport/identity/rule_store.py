"""The rules in force, in the identity table."""

from typing import Any

from rapport.aws.dynamo import (
    SCHEMA_VERSION,
    DynamoClient,
    from_item,
    to_item,
    translated,
    values,
)
from rapport.identity.keys import RULES, RULES_IN_FORCE, Key
from rapport.identity.rules import Rules


class DynamoRuleBook:
    """`RuleBook` on the identity table: one item in force, one for each version."""

    def __init__(self, client: DynamoClient, table: str) -> None:
        self._client = client
        self._table = table

    def current(self) -> Rules | None:
        """One consistent read."""
        with translated():
            answer = self._client.get_item(
                TableName=self._table, Key=_key(RULES_IN_FORCE), ConsistentRead=True
            )
        if "Item" not in answer:
            return None
        return Rules.model_validate_json(from_item(answer["Item"])["content"])

    def save(self, rules: Rules, over: str | None) -> None:
        """One transaction of two conditional puts."""
        content = {
            "version": rules.version,
            "content": rules.model_dump_json(),
            "v": SCHEMA_VERSION,
        }
        in_force: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if over is not None:
            in_force = {
                "ConditionExpression": "version = :over",
                "ExpressionAttributeValues": values(over=over),
            }
        kept: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        with translated():
            self._client.transact_write_items(
                TransactItems=[
                    {
                        "Put": {
                            "TableName": self._table,
                            "Item": _key(place) | to_item(content),
                            **condition,
                        }
                    }
                    for place, condition in (
                        (RULES_IN_FORCE, in_force),
                        ((RULES, f"VERSION#{rules.version}"), kept),
                    )
                ]
            )


def _key(key: Key) -> dict[str, dict[str, str]]:
    return to_item({"pk": key[0], "sk": key[1]})
