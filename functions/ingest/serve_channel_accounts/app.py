"""Channel accounts over HTTP: settings and secrets in, settings and masks out."""

from typing import Any

from rapport import wiring
from rapport.contracts.api.channel_accounts import (
    ChannelAccountDefinition,
    ChannelAccountName,
    ChannelAccountPage,
    ChannelAccountQuery,
    ChannelAccountView,
    Rotation,
)
from rapport.entrypoint.auth import MANAGE_CHANNELS
from rapport.entrypoint.http import Api
from rapport.ingest import accounts

api = Api("Channel accounts")

LIST = "/v1/channel-accounts"
ONE = "/v1/channel-accounts/{channel}/{account}"


@api.get(LIST, MANAGE_CHANNELS)
def list_channel_accounts(query: ChannelAccountQuery) -> ChannelAccountPage:
    """The accounts of every channel, by name."""
    page = wiring.account_documents().names(query.cursor, query.limit)
    items = [
        ChannelAccountName(channel=channel, account=account) for channel, account in page.items
    ]
    return ChannelAccountPage(items=items, cursor=page.cursor)


@api.get(ONE, MANAGE_CHANNELS)
def get_channel_account(channel: str, account: str) -> ChannelAccountView:
    """An account's settings; secrets show as `***`."""
    document = accounts.show_account(channel, account, documents=wiring.account_documents())
    return _view(channel, account, document)


@api.put(ONE, MANAGE_CHANNELS)
def put_channel_account(
    channel: str, account: str, body: ChannelAccountDefinition
) -> ChannelAccountView:
    """Register an account or replace its document; `***` keeps a stored value."""
    document = accounts.put_account(
        channel, account, body.document, documents=wiring.account_documents()
    )
    return _view(channel, account, document)


@api.delete(ONE, MANAGE_CHANNELS)
def delete_channel_account(channel: str, account: str) -> None:
    """Remove an account; an operator can restore it for a week."""
    accounts.delete_account(channel, account, documents=wiring.account_documents())


@api.post(f"{ONE}/rotate", MANAGE_CHANNELS)
def rotate_secret(channel: str, account: str, body: Rotation) -> ChannelAccountView:
    """Put a secret's new value first; the one before stays valid until the next rotation."""
    document = accounts.rotate(
        channel, account, body.key, body.value, documents=wiring.account_documents()
    )
    return _view(channel, account, document)


def _view(channel: str, account: str, document: dict[str, Any]) -> ChannelAccountView:
    return ChannelAccountView(channel=channel, account=account, document=document)


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """One request of the routes above (payload 2.0)."""
    return api(event, context)
