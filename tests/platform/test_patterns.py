"""Patterns match as EventBridge's and Lambda's documentation say."""

from typing import Any

import pytest

from tests.platform.patterns import matches

RECORD = {"dynamodb": {"NewImage": {"events": {"S": "[]"}, "tags": {"L": [{"S": "a"}]}}}}


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        ({"source": ["rapport"]}, {"source": "rapport"}, True),
        ({"source": ["rapport"]}, {"source": "other"}, False),
        ({"source": ["rapport"]}, {}, False),
        ({"a": {"b": [True]}}, {"a": {"b": True}}, True),
        ({"a": {"b": [True]}}, {"a": {"b": 1}}, False),
        ({"a": [1]}, {"a": [3, 1]}, True),
        ({"dynamodb": {"NewImage": {"events": {"S": [{"exists": True}]}}}}, RECORD, True),
        # A filter on what is not a leaf matches nothing on AWS, though emulators disagree.
        ({"dynamodb": {"NewImage": {"events": [{"exists": True}]}}}, RECORD, False),
        ({"dynamodb": {"NewImage": {"tags": {"L": [{"exists": True}]}}}}, RECORD, False),
        ({"dynamodb": {"OldImage": {"events": {"S": [{"exists": True}]}}}}, RECORD, False),
        ({"dynamodb": {"OldImage": {"events": {"S": [{"exists": False}]}}}}, RECORD, True),
        ({"sk": {"S": [{"prefix": "AGENT#"}]}}, {"sk": {"S": "AGENT#1"}}, True),
        ({"sk": {"S": [{"prefix": "AGENT#"}]}}, {"sk": {"S": "WAITING#1"}}, False),
        ({"a": [{"anything-but": ["x", "y"]}]}, {"a": "z"}, True),
        ({"a": [{"anything-but": ["x", "y"]}]}, {"a": "x"}, False),
        ({"a": [{"numeric": [">", 1, "<=", 3]}]}, {"a": 3}, True),
        ({"a": [{"numeric": [">", 1, "<=", 3]}]}, {"a": "3"}, False),
        ({"$or": [{"a": [1]}, {"b": [2]}]}, {"b": 2}, True),
    ],
)
def test_a_pattern_matches_leaves_only(
    pattern: dict[str, Any], event: dict[str, Any], expected: bool
) -> None:
    assert matches(pattern, event) is expected
