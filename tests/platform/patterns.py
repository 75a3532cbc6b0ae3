"""Does an event match a pattern, as EventBridge and Lambda's event filters say it does?

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html and
https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html: only leaves are
matched, so a rule on an object or a list of objects matches nothing, `exists` included.
"""

import fnmatch
from collections.abc import Mapping
from typing import Any

_ABSENT = object()


def matches(pattern: Mapping[str, Any], event: Any) -> bool:
    """Whether `event` has everything that `pattern` asks for."""
    if not isinstance(event, Mapping):
        return False
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(one, event) for one in wanted):
                return False
        elif not _field(wanted, event.get(key, _ABSENT)):
            return False
    return True


def _field(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, Mapping):
        if isinstance(value, list):
            return any(matches(wanted, one) for one in value)
        if value is _ABSENT:
            return _all_absent(wanted)
        return matches(wanted, value)
    if not isinstance(wanted, list):
        raise TypeError(f"A pattern's leaf must be a list: {wanted!r}")
    leaves = [one for one in (value if isinstance(value, list) else [value]) if _is_leaf(one)]
    return any(_rule(rule, leaves) for rule in wanted)


def _all_absent(wanted: Mapping[str, Any]) -> bool:
    """A path that is not there satisfies nothing but `exists: false`."""
    return all(_field(inner, _ABSENT) for inner in wanted.values())


def _is_leaf(value: Any) -> bool:
    return value is not _ABSENT and not isinstance(value, Mapping | list)


def _rule(rule: Any, leaves: list[Any]) -> bool:
    if not isinstance(rule, Mapping):
        return any(_same(rule, leaf) for leaf in leaves)
    ((name, argument),) = rule.items()
    match name:
        case "exists":
            return bool(leaves) is argument
        case "prefix":
            return any(isinstance(leaf, str) and leaf.startswith(argument) for leaf in leaves)
        case "suffix":
            return any(isinstance(leaf, str) and leaf.endswith(argument) for leaf in leaves)
        case "wildcard":
            return any(
                isinstance(leaf, str) and fnmatch.fnmatchcase(leaf, argument) for leaf in leaves
            )
        case "equals-ignore-case":
            return any(str(leaf).lower() == str(argument).lower() for leaf in leaves)
        case "anything-but":
            refused = argument if isinstance(argument, list) else [argument]
            return any(not _rule_any(refused, leaf) for leaf in leaves)
        case "numeric":
            return any(_numeric(argument, leaf) for leaf in leaves)
    raise ValueError(f"tests/platform/patterns.py does not know {name}: add it")


def _rule_any(rules: list[Any], leaf: Any) -> bool:
    return any(_rule(rule, [leaf]) for rule in rules)


def _same(wanted: Any, leaf: Any) -> bool:
    return type(wanted) is type(leaf) and bool(wanted == leaf)


def _numeric(argument: list[Any], leaf: Any) -> bool:
    if isinstance(leaf, bool) or not isinstance(leaf, int | float):
        return False
    tests = {
        "=": lambda limit: leaf == limit,
        "<": lambda limit: leaf < limit,
        "<=": lambda limit: leaf <= limit,
        ">": lambda limit: leaf > limit,
        ">=": lambda limit: leaf >= limit,
    }
    pairs = zip(argument[::2], argument[1::2], strict=True)
    return all(tests[operator](limit) for operator, limit in pairs)
