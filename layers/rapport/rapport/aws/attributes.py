"""DynamoDB's typed values from plain ones and back.

boto3 has the same, but imports half of itself along (a fifth of a cold start), and goes through
Decimal and a class of methods for what nearly always is a short string.
"""

from collections.abc import Mapping
from decimal import Clamped, Context, Decimal, Inexact, Overflow, Rounded, Underflow
from typing import Any

Typed = dict[str, Any]

# What DynamoDB holds exactly; a longer number raises rather than being rounded unseen.
_NUMBERS = Context(
    prec=38, Emin=-128, Emax=126, traps=[Clamped, Overflow, Inexact, Rounded, Underflow]
)


def typed(value: Any) -> Typed:
    """`{"S": "…"}` for a string, and so on; entries of mappings that are None are left out.

    Floats become the decimal that Python shows. Raises `TypeError` for what has no type there,
    `decimal.DecimalException` for numbers that DynamoDB cannot hold, NaN included.
    """
    match value:
        case str():
            return {"S": value}
        case bool():
            return {"BOOL": value}
        case int() | float() | Decimal():
            return {"N": _number(value)}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": {str(key): typed(each) for key, each in value.items() if each is not None}}
        case list() | tuple():
            return {"L": [typed(each) for each in value]}
    raise TypeError(f"DynamoDB has no type for {type(value).__name__}.")


def plain(value: Mapping[str, Any]) -> Any:
    """The value of `{"S": "…"}` and its like; whole numbers come back as int, others as float."""
    ((kind, content),) = value.items()
    match kind:
        case "S" | "BOOL":
            return content
        case "N":
            return _native(Decimal(content))
        case "NULL":
            return None
        case "M":
            return {key: plain(each) for key, each in content.items()}
        case "L":
            return [plain(each) for each in content]
        case "SS":
            return set(content)
    raise TypeError(f"No item of ours holds values of DynamoDB's type {kind}.")


def _number(value: float | Decimal) -> str:
    exact = _NUMBERS.create_decimal(str(value) if isinstance(value, float) else value)
    if not exact.is_finite():
        raise TypeError("DynamoDB has neither infinity nor NaN.")
    return str(exact)


def _native(number: Decimal) -> int | float:
    return int(number) if number == number.to_integral_value() else float(number)
