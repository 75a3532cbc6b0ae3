"""Send e-mail by Amazon SES (API version 2, SendEmail), over the HTTP port of every provider.

Settings: `from_address`, `from_name`, `reply_to_address`, `region` (else `AWS_REGION`),
`configuration_set` (without one there are no receipts). `message.extra`: `in_reply_to`,
`references`, `html`. The request is signed by botocore but sent by our port, so that faults are
injected, and time-outs read, at one place for all providers.
There is no idempotency key: a lost answer stays unknown until an event brings the tag `reference`.
"""

import os
import re
from datetime import datetime
from typing import Any

from rapport.channels.aws_requests import (
    CredentialSource,
    exception_name,
    role_credentials,
    signed,
)
from rapport.channels.base import Account
from rapport.channels.sender import (
    ErrorClass,
    HttpResponse,
    OutboundMessage,
    Outcome,
    SendError,
    SendResult,
)
from rapport.channels.sending import (
    Abilities,
    Call,
    HttpSender,
    Limit,
    Rule,
    json_body,
    json_object,
    refuse,
    sent,
)
from rapport.channels.ses import letter
from rapport.contracts.content import TemplateContent, TextContent
from rapport.kernel.errors import Misconfigured

ABILITIES = Abilities(text=Limit(65_536), templates=True)
TAG_VALUE = re.compile(r"[A-Za-z0-9_.@-]{1,256}")
REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")

_AUTH = Rule(ErrorClass.AUTH)
_POLICY = Rule(ErrorClass.POLICY)
_INVALID = Rule(ErrorClass.INVALID_REQUEST)
_RATE = Rule(ErrorClass.RATE_LIMITED, Outcome.RETRY)
_PERHAPS = Rule(ErrorClass.TRANSIENT, Outcome.UNKNOWN)
ERRORS = {
    "TooManyRequestsException": _RATE,
    "ThrottlingException": _RATE,  # AWS throttles with 400 as well as 429
    "Throttling": _RATE,
    "RequestLimitExceeded": _RATE,
    "LimitExceededException": _POLICY,
    "MessageRejected": _POLICY,
    "AccountSuspendedException": _POLICY,
    "SendingPausedException": _POLICY,
    "MailFromDomainNotVerifiedException": _INVALID,
    "BadRequestException": _INVALID,
    "ValidationException": _INVALID,
    "NotFoundException": _INVALID,
    "AccessDeniedException": _AUTH,
    "InvalidSignatureException": _AUTH,
    "SignatureDoesNotMatch": _AUTH,
    "UnrecognizedClientException": _AUTH,
    "InvalidClientTokenId": _AUTH,
    "MissingAuthenticationTokenException": _AUTH,
    # The role's credentials are renewed under us: the next attempt carries new ones.
    "ExpiredTokenException": Rule(ErrorClass.AUTH, Outcome.RETRY),
    "ExpiredToken": Rule(ErrorClass.AUTH, Outcome.RETRY),
    "InternalServiceErrorException": _PERHAPS,
    "InternalFailure": _PERHAPS,
    "ServiceUnavailable": _PERHAPS,
}
"""By exception name: SESv2 API reference, SendEmail and CommonErrors."""

DAILY_QUOTA = "daily"  # "Daily message quota exceeded": a throttle that does not pass in minutes


class Outbound(HttpSender):
    """One mailbox or sender identity."""

    name = "E-mail"
    abilities = ABILITIES
    required = ("from_address",)

    def __init__(self, credentials: CredentialSource = role_credentials) -> None:
        self._credentials = credentials

    def own_refusal(self, message: OutboundMessage, account: Account) -> SendError | None:
        """One plain address, a subject on one line, a reference that a tag can carry."""
        if not letter.is_address(message.to):
            return refuse(ErrorClass.RECIPIENT_INVALID, "This is not one e-mail address.")
        if not letter.is_address(account.setting("from_address")):
            return refuse(ErrorClass.AUTH, "The setting from_address is no e-mail address.")
        if not TAG_VALUE.fullmatch(message.reference):
            return refuse(ErrorClass.INVALID_REQUEST, "The reference does not fit an SES tag.")
        content = message.content
        if isinstance(content, TextContent) and not letter.is_one_line(content.subject or ""):
            return refuse(ErrorClass.INVALID_REQUEST, "The subject must be one line.")
        return None

    def call(self, message: OutboundMessage, account: Account, now: datetime) -> Call:
        """`POST /v2/email/outbound-emails`, signed. Raises `Misconfigured` without credentials."""
        del now
        region = account.setting("region") or os.environ.get("AWS_REGION", "")
        if not REGION.fullmatch(region):
            raise Misconfigured("No region is set for e-mail.")
        body: dict[str, Any] = {
            "FromEmailAddress": letter.sender(account),
            "Destination": {"ToAddresses": [message.to]},
            "Content": _content(message, account),
            "EmailTags": [{"Name": "reference", "Value": message.reference}],
        }
        if configuration_set := account.setting("configuration_set"):
            body["ConfigurationSetName"] = configuration_set
        url = f"https://email.{region}.amazonaws.com/v2/email/outbound-emails"
        bare = Call(url, {"content-type": "application/json"}, json_body(body))
        return signed(bare, "ses", region, self._credentials())

    def read(self, response: HttpResponse) -> SendResult:
        """`MessageId`, or the exception."""
        body = json_object(response)
        message_id = body.get("MessageId")
        if response.status < 300 and isinstance(message_id, str):
            return sent(message_id)
        name = exception_name(response, body)
        rule = ERRORS.get(name)
        if rule is None:
            return self.by_status(response)
        text = str(body.get("message") or body.get("Message") or "")
        if rule is _RATE and DAILY_QUOTA in text.lower():
            rule = Rule(ErrorClass.PAYMENT)
        return self.result(rule, name, response)


def _content(message: OutboundMessage, account: Account) -> dict[str, Any]:
    content = message.content
    if isinstance(content, TemplateContent):
        # SES templates know no language: each language is a template of its own, named by `name`.
        data = {f"p{i}": text for i, text in enumerate(content.parameters, start=1)}
        return {
            "Template": {
                "TemplateName": content.name,
                "TemplateData": json_body(data).decode(),
                "Headers": [
                    {"Name": name, "Value": value}
                    for name, value in letter.threading(message.extra)
                ],
            }
        }
    return {"Raw": {"Data": letter.encoded(message, account)}}
