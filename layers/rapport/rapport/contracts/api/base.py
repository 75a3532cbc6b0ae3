"""What every body and answer of the API shares."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_LIMIT, MAX_LIMIT = 25, 100

Text = Annotated[str, Field(min_length=1, max_length=256)]


class Body(BaseModel):
    """What a caller sends. Unknown fields are refused: a typing error must not pass in silence."""

    # Schemas are built on first use: most calls need one of them, a cold start pays for none.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class View(BaseModel):
    """What we answer; fields without a value are left out."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class PageQuery(Body):
    """Which page of a list."""

    cursor: Annotated[str, Field(max_length=4096)] | None = Field(
        default=None, description="The cursor of the page before, unchanged."
    )
    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT


class ProblemError(View):
    """One field that is wrong, and the fix."""

    field: str
    message: str


class Problem(View):
    """RFC 9457. `type` tells programs what happened, `detail` tells people what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "urn:rapport:problem:window_closed",
                    "title": "Conflict",
                    "status": 409,
                    "detail": "WhatsApp allows no free-form message to this person now.",
                    "instance": "JKJaXmPLvHcESHA=",
                    "errors": [{"field": "content", "message": "Send a template instead."}],
                }
            ]
        }
    )

    type: str
    title: str
    status: int
    detail: str | None = None
    instance: str = Field(description="The id of the request, for our logs.")
    errors: list[ProblemError] | None = None


def examples(*values: dict[str, Any]) -> ConfigDict:
    """The examples of a body in its JSON schema."""
    return ConfigDict(json_schema_extra={"examples": list(values)})
