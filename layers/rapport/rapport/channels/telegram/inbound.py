"""Telegram Bot API webhooks.

Authenticity: the header `X-Telegram-Bot-Api-Secret-Token` equals the `secret_token` given to
`setWebhook`; the body is not signed (core.telegram.org/bots/api#setwebhook). Replays are met by
de-duplication on chat and message id.
"""

from collections.abc import Sequence
from typing import ClassVar

from rapport.channels.base import Context, InboundAdapter, Refused, Request
from rapport.channels.fields import ident, whole
from rapport.channels.signatures import demand_header, demand_secrets, same_text
from rapport.channels.telegram.payloads import read
from rapport.contracts.inbound import InboundEvent


class Adapter(InboundAdapter):
    """A bot's address; each request carries one update.

    Document: `secret_token` (one or several while rotating); `bot_id`, else the digits before the
    colon of `bot_token`, names the bot, since an update does not.
    """

    provider: ClassVar[str] = "telegram"
    max_body_bytes: ClassVar[int] = 1024 * 1024

    def authenticate(self, request: Request, context: Context) -> None:
        """Compare the secret token."""
        secrets = demand_secrets(context.account, "secret_token")
        given = demand_header(request, "X-Telegram-Bot-Api-Secret-Token")
        if not any(same_text(given, secret) for secret in secrets):
            raise Refused("bad_signature")

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The events of the one update."""
        update = request.json
        if not isinstance(update, dict) or whole(update.get("update_id")) is None:
            raise Refused("malformed")
        account = context.account
        bot = (
            ident(account.document.get("bot_id")) or account.setting("bot_token").partition(":")[0]
        )
        return list(read(update, bot or None))
