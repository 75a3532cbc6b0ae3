"""E-mail: the MIME it makes, the signed request, and what SES's answers mean."""

import base64
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from botocore.credentials import ReadOnlyCredentials

from rapport.channels.sender import AnswerLost, ErrorClass, NotSent, Outcome
from rapport.channels.ses.outbound import Outbound
from rapport.contracts.content import TemplateContent, TextContent
from tests.unit.channels.sending_fakes import NOW, CannedHttp, a_message, an_account, answering

MAILBOX = an_account(
    "ses",
    from_address="help@shop.example",
    from_name="Läden, Inc.",
    region="eu-west-1",
    configuration_set="events",
)
KEYS = ReadOnlyCredentials("AKID", "secret", "session")
TO = "jane@example.com"
SENT = {"MessageId": "0100-x"}


def send(http: CannedHttp, **changes: Any) -> Any:
    account = changes.pop("account", MAILBOX)
    message = a_message("email", changes.pop("to", TO), **changes)
    return Outbound(lambda: KEYS).send(message, account, http, NOW)


def mail_of(http: CannedHttp) -> EmailMessage:
    raw = base64.b64decode(http.only.json["Content"]["Raw"]["Data"])
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_an_email_is_a_signed_send_email_with_its_reference_as_a_tag() -> None:
    http = answering(200, SENT)
    result = send(http, content=TextContent(text="Grüße 😀", subject="Größe 42?"))
    assert (result.outcome, result.provider_message_id) == (Outcome.SENT, "0100-x")
    request = http.only
    assert request.url == "https://email.eu-west-1.amazonaws.com/v2/email/outbound-emails"
    proof = request.headers["authorization"]
    assert proof.startswith("AWS4-HMAC-SHA256 Credential=AKID/")
    assert "/eu-west-1/ses/aws4_request" in proof
    assert request.headers["x-amz-security-token"] == "session"
    body = request.json
    assert body["Destination"] == {"ToAddresses": [TO]}
    assert body["ConfigurationSetName"] == "events"
    assert body["EmailTags"] == [{"Name": "reference", "Value": "ref_01"}]
    mail = mail_of(http)
    assert mail["From"].addresses[0].display_name == "Läden, Inc."
    assert mail["From"].addresses[0].addr_spec == "help@shop.example"
    assert mail["Subject"] == "Größe 42?"
    assert mail.get_content().strip() == "Grüße 😀"


def test_a_reply_is_threaded_and_may_have_an_html_form() -> None:
    http = answering(200, SENT)
    long = f"<{'a' * 80}@eu-west-1.amazonses.com>"
    extra = {"in_reply_to": "<b@x.example>", "references": [long, "<b@x.example>"], "html": "<p>H"}
    send(http, content=TextContent(text="H", subject="Re: x"), extra=extra)
    mail = mail_of(http)
    assert mail["In-Reply-To"] == "<b@x.example>"
    assert str(mail["References"]).split() == [long, "<b@x.example>"]
    html = mail.get_body(("html",))
    assert html is not None
    assert html.get_content().strip() == "<p>H"


@pytest.mark.parametrize(
    "evil",
    ["<a@x>\r\nBcc: spy@evil.example", "a@x", "<a b@x>", "<a@x>\n\n<script>", ["<a>\r\nBcc:x"], 7],
)
def test_a_strangers_message_id_makes_no_header(evil: Any) -> None:
    http = answering(200, SENT)
    extra = {"in_reply_to": evil, "references": evil}
    assert send(http, extra=extra).outcome is Outcome.SENT
    mail = mail_of(http)
    assert mail["Bcc"] is None
    assert "evil" not in str(mail["In-Reply-To"])


@pytest.mark.parametrize(
    "to",
    [
        "a@x.example,b@x.example",
        "a@x.example, b@x.example",
        "a@x.example\r\nBcc: b@x.example",
        "a@x.example\n",
        "Jane <a@x.example>",
        '"a,b"@x.example',
        "a@x.example;b@x.example",
        "a@localhost",
        "a b@x.example",
        "jäne@x.example",
        "",
        "@x.example",
        f"{'a' * 250}@x.example",
    ],
)
def test_only_one_plain_address_is_written_to(to: str) -> None:
    http = answering(200, SENT)
    result = send(http, to=to)
    assert result.error.error_class is ErrorClass.RECIPIENT_INVALID
    assert http.requests == []


@pytest.mark.parametrize("subject", ["a\r\nBcc: b@x.example", "a\nb", "a\u2028b", "a\x00"])
def test_a_subject_is_one_line(subject: str) -> None:
    result = send(answering(200, SENT), content=TextContent(text="x", subject=subject))
    assert result.error.error_class is ErrorClass.INVALID_REQUEST


def test_a_reference_must_fit_a_tag() -> None:
    result = send(answering(200, SENT), reference="ä b")
    assert result.error.error_class is ErrorClass.INVALID_REQUEST


def test_an_ses_template_goes_by_name_and_numbered_data() -> None:
    http = answering(200, SENT)
    content = TemplateContent(name="offer_en", language="en", parameters=("Jane",))
    send(http, content=content, extra={"in_reply_to": "<b@x.example>"})
    template = http.only.json["Content"]["Template"]
    assert template["TemplateName"] == "offer_en"
    assert template["TemplateData"] == '{"p1":"Jane"}'
    assert {"Name": "In-Reply-To", "Value": "<b@x.example>"} in template["Headers"]


def test_the_region_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "ap-northeast-1")
    account = an_account("ses", from_address="help@shop.example")
    http = answering(200, SENT)
    send(http, account=account)
    assert "email.ap-northeast-1.amazonaws.com" in http.only.url
    monkeypatch.delenv("AWS_REGION")
    assert send(http, account=account).error.error_class is ErrorClass.AUTH
    evil = an_account("ses", from_address="help@shop.example", region="evil.example/#")
    assert send(http, account=evil).error.error_class is ErrorClass.AUTH


def test_without_credentials_nothing_is_sent() -> None:
    http = answering(200, SENT)
    result = Outbound(lambda: None).send(a_message("email", TO), MAILBOX, http, NOW)
    assert (result.outcome, http.requests) == (Outcome.FAILED, [])


FAILED, RETRY, UNKNOWN = Outcome.FAILED, Outcome.RETRY, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("status", "name", "message", "outcome", "error_class"),
    [
        (429, "TooManyRequestsException", "", RETRY, ErrorClass.RATE_LIMITED),
        (400, "ThrottlingException", "Maximum sending rate", RETRY, ErrorClass.RATE_LIMITED),
        (
            429,
            "TooManyRequestsException",
            "Daily message quota exceeded",
            FAILED,
            ErrorClass.PAYMENT,
        ),
        (400, "LimitExceededException", "", FAILED, ErrorClass.POLICY),
        (400, "MessageRejected", "", FAILED, ErrorClass.POLICY),
        (400, "MailFromDomainNotVerifiedException", "", FAILED, ErrorClass.INVALID_REQUEST),
        (400, "AccountSuspendedException", "", FAILED, ErrorClass.POLICY),
        (400, "SendingPausedException", "", FAILED, ErrorClass.POLICY),
        (400, "BadRequestException", "", FAILED, ErrorClass.INVALID_REQUEST),
        (404, "NotFoundException", "", FAILED, ErrorClass.INVALID_REQUEST),
        (403, "AccessDeniedException", "", FAILED, ErrorClass.AUTH),
        (403, "ExpiredTokenException", "", RETRY, ErrorClass.AUTH),
        (500, "InternalServiceErrorException", "", UNKNOWN, ErrorClass.TRANSIENT),
        (503, "", "", UNKNOWN, ErrorClass.TRANSIENT),
        (400, "NewException", "", FAILED, ErrorClass.INVALID_REQUEST),
        (200, "", "", UNKNOWN, ErrorClass.TRANSIENT),
    ],
)
def test_every_ses_error(
    status: int, name: str, message: str, outcome: Outcome, error_class: ErrorClass
) -> None:
    named = {"x-amzn-errortype": f"{name}:http://internal.amazon.com/"} if name else {}
    result = send(answering(status, {"message": message}, named))
    assert (result.outcome, result.error.error_class) == (outcome, error_class)
    if name:
        in_body = send(answering(status, {"__type": f"com.amazonaws#{name}", "message": message}))
        assert (in_body.outcome, in_body.error.code) == (outcome, result.error.code)


def test_lost_answers_stay_unknown() -> None:
    assert send(CannedHttp([AnswerLost("x")])).outcome is UNKNOWN
    assert send(CannedHttp([NotSent("x")])).outcome is RETRY
