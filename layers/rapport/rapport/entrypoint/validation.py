"""What is wrong with a body or a query: the field and the fix, and nothing of what was sent."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from rapport.entrypoint.fields import field_name
from rapport.entrypoint.problems import FieldErrors
from rapport.kernel.errors import InvalidInput

Model = TypeVar("Model", bound=BaseModel)
MAX_ERRORS = 20

# Pydantic's own sentences quote the input at times, and a refused field's name is input as well.
FIXES = {
    "missing": "Give this field.",
    "extra_forbidden": "Leave out fields that are not documented.",
    "string_type": "Give a text.",
    "string_too_short": "Give at least {min_length} character(s).",
    "string_too_long": "Give at most {max_length} characters.",
    "string_pattern_mismatch": "Give a text that matches {pattern}",
    "too_long": "Give at most {max_length} items.",
    "too_short": "Give at least {min_length} item(s).",
    "int_type": "Give a whole number.",
    "int_parsing": "Give a whole number.",
    "int_from_float": "Give a whole number.",
    "greater_than_equal": "Give at least {ge}.",
    "less_than_equal": "Give at most {le}.",
    "literal_error": "Give one of {expected}.",
    "enum": "Give one of {expected}.",
    "union_tag_invalid": "Give `type` as one of {expected_tags}.",
    "union_tag_not_found": "Give `type`: text, media or template.",
    "list_type": "Give a list.",
    "dict_type": "Give an object.",
    "model_type": "Give an object.",
    "model_attributes_type": "Give an object.",
    "bool_type": "Give true or false.",
    "timezone_aware": "Give a time with its zone, e.g. 2026-12-01T09:00:00Z.",
}
TIME = "Give a time as in RFC 3339, e.g. 2026-12-01T09:00:00Z."
ADDRESS = "Give an https address."
OTHERWISE = "This value is not accepted here; see the API's description."


def validated(model: type[Model], value: Any, where: str) -> Model:
    """`value` as `model`; raises `FieldErrors`. `where` names what is not even an object."""
    if not isinstance(value, Mapping):
        raise InvalidInput("Send a JSON object.", field=where)
    try:
        return model.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    raise FieldErrors([_fix(one, where) for one in found[:MAX_ERRORS]])


def _fix(error: Any, where: str) -> tuple[str, str]:
    kind, place = str(error["type"]), list(error["loc"])
    if kind == "extra_forbidden" or "[key]" in place:
        place = place[: place.index("[key]") - 1] if "[key]" in place else place[:-1]
    return field_name(place) or where, _sentence(kind, error.get("ctx") or {})


def _sentence(kind: str, context: Mapping[str, Any]) -> str:
    if kind.startswith(("datetime", "date_")):
        return TIME
    if kind.startswith("url"):
        return ADDRESS
    return FIXES.get(kind, OTHERWISE).format_map(context)
