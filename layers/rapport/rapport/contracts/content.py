"""What is said: the content model of everything we send, from the first day on."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TextContent(_Content):
    """Plain text; `subject` is for e-mail only."""

    type: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1, max_length=65_536)]
    subject: Annotated[str, Field(max_length=998)] | None = None


class MediaContent(_Content):
    """One media object by its public https address, with an optional caption."""

    type: Literal["media"] = "media"
    media_type: Literal["image", "video", "audio", "document"]
    url: HttpUrl
    caption: Annotated[str, Field(max_length=4096)] | None = None
    filename: Annotated[str, Field(max_length=255)] | None = None


class TemplateContent(_Content):
    """A template the provider has approved, by name and language, with its body parameters."""

    type: Literal["template"] = "template"
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,512}$")]
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$")]
    parameters: Annotated[
        tuple[Annotated[str, Field(max_length=1024)], ...], Field(max_length=64)
    ] = ()


Content = Annotated[TextContent | MediaContent | TemplateContent, Field(discriminator="type")]
