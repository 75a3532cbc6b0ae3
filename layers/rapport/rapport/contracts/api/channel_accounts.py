"""Channel accounts over HTTP."""

from typing import Annotated

from pydantic import Field

from rapport.contracts.api.base import Body, PageQuery, View, examples

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Value = Annotated[str, Field(min_length=1, max_length=8192)]
Many = Annotated[list[Value], Field(max_length=100)]
Table = Annotated[dict[str, Value | Many], Field(max_length=100)]
Setting = Value | bool | int | Many | Table


class ChannelAccountDefinition(Body):
    """The whole document of an account: settings and secrets as the channel's guide lists them.

    `***`, as a read shows a secret, keeps the value that is stored.
    """

    model_config = examples(
        {"document": {"phone_number_id": "1029384756", "access_token": "EAAG…", "app_secret": "…"}}
    )

    document: Annotated[dict[Key, Setting], Field(min_length=1, max_length=50)]


class ChannelAccountView(View):
    """An account; secret values show as `***`."""

    channel: str
    account: str
    document: dict[str, object]


class ChannelAccountName(View):
    """Which account."""

    channel: str
    account: str


class ChannelAccountPage(View):
    """Accounts by name."""

    items: list[ChannelAccountName]
    cursor: str | None = None


class ChannelAccountQuery(PageQuery):
    """Which page of the accounts."""


class Rotation(Body):
    """A secret's new value; the one before stays valid beside it until the next rotation."""

    model_config = examples({"key": "app_secret", "value": "…"})

    key: Key
    value: Value
