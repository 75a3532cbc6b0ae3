"""Amazon's webhooks: SNS envelopes under a certificate authority of our own, SES's messages inside.

Sources: awsdocs, sns-verify-signature-of-message and SES's
receiving-email-notifications and event-publishing examples. Version 2 signatures (RSA-SHA256).
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local.twins.webhooks import Said, Webhook
from rapport.channels.base import Account
from rapport.kernel.clock import iso

Json = dict[str, Any]
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": (
        ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    ),
}
VALID_FROM, VALID_UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Authority:
    """A root of our own, and the certificate with which it lets "SNS" sign."""

    root: x509.Certificate
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @classmethod
    def generate(cls) -> Self:
        """New keys, never written anywhere."""
        root_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        root_name, name = _name("Rapport provider twins"), _name("sns.amazonaws.com")
        root = _certificate(root_name, root_name, root_key, root_key, is_ca=True)
        return cls(root, _certificate(name, root_name, key, root_key, is_ca=False), key)

    @cached_property
    def root_pem(self) -> str:
        """What an account's `trusted_root_pem` is set to, to believe the twins."""
        return self.root.public_bytes(serialization.Encoding.PEM).decode()

    @cached_property
    def certificate_pem(self) -> bytes:
        """What `SigningCertURL` answers."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @cached_property
    def certificate_path(self) -> str:
        """Its place at "SNS": another certificate has another, so that caches do not lie."""
        return f"SimpleNotificationService-{sha256(self.certificate_pem).hexdigest()[:32]}.pem"

    def sign(self, envelope: Json) -> Json:
        """`envelope` with its signature, version 2."""
        keys = [key for key in SIGNED[envelope["Type"]] if key in envelope]
        text = "".join(f"{key}\n{envelope[key]}\n" for key in keys)
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return {**envelope, "Signature": base64.b64encode(signature).decode()}


def sns_notification(
    authority: Authority,
    account: Account,
    url: str,
    message: Json,
    *,
    message_id: str,
    at: datetime,
) -> Webhook:
    """A signed notification on the account's topic, carrying `message` as JSON text."""
    envelope = _envelope(account, "Notification", message_id, at)
    envelope["Message"] = json.dumps(message) + "\n"  # SES ends its messages so
    envelope["UnsubscribeURL"] = f"{_sns(account)}/?Action=Unsubscribe"
    return _webhook(authority, account, url, envelope)


def sns_confirmation(
    authority: Authority, account: Account, url: str, *, message_id: str, token: str, at: datetime
) -> Webhook:
    """The signed request to confirm our subscription to the account's topic."""
    envelope = _envelope(account, "SubscriptionConfirmation", message_id, at)
    arn = envelope["TopicArn"]
    envelope["Message"] = f"You have chosen to subscribe to the topic {arn}."
    envelope["Token"] = token
    query = f"Action=ConfirmSubscription&TopicArn={arn}&Token={token}"
    envelope["SubscribeURL"] = f"{_sns(account)}/?{query}"
    return _webhook(authority, account, url, envelope)


def topic_arn(account: Account) -> str:
    """The first of the account's allowed topics."""
    return account.setting("allowed_topic_arns", "arn:aws:sns:us-east-1:000000000000:twin-mail")


def certificate_url(account: Account, authority: Authority) -> str:
    """Where "SNS" of the topic's region publishes its certificate."""
    return f"{_sns(account)}/{authority.certificate_path}"


def ses_received(said: Said, to: str) -> Json:
    """SES's notification of a received e-mail with its content (SNS action, BASE64)."""
    mail = _mime(said, to)
    verdict = {"status": "PASS"}
    headers = [{"name": name, "value": str(value)} for name, value in mail.items()]
    stamp = iso(said.at)
    return {
        "notificationType": "Received",
        "mail": {
            "timestamp": stamp,
            "source": said.sender,
            "messageId": said.message_id,
            "destination": [to],
            "headersTruncated": False,
            "headers": headers,
            "commonHeaders": {
                "from": [str(mail["From"])],
                "to": [to],
                "subject": str(mail["Subject"]),
                "messageId": str(mail["Message-ID"]),
                "returnPath": said.sender,
            },
        },
        "receipt": {
            "timestamp": stamp,
            "recipients": [to],
            "spamVerdict": verdict,
            "virusVerdict": verdict,
            "spfVerdict": verdict,
            "dkimVerdict": verdict,
            "dmarcVerdict": {"status": str(said.extra.get("dmarc", "PASS"))},
            "action": {"type": "SNS", "encoding": "BASE64", "topicArn": "twin"},
        },
        "content": base64.b64encode(mail.as_bytes()).decode(),
    }


def ses_event(
    kind: str, message_id: str, *, source: str, to: str, at: datetime, reference: str | None
) -> Json:
    """SES's published event of an e-mail of ours: Send, Delivery, Open, Bounce, Complaint."""
    stamp = iso(at)
    bounced = {"emailAddress": to, "status": "5.1.1", "action": "failed"}
    parts: dict[str, tuple[str, Json]] = {
        "Send": ("send", {}),
        "Delivery": ("delivery", {"timestamp": stamp, "recipients": [to]}),
        "Open": ("open", {"timestamp": stamp, "userAgent": "twin"}),
        "Bounce": (
            "bounce",
            {"timestamp": stamp, "bounceType": "Permanent", "bounceSubType": "NoEmail"}
            | {"bouncedRecipients": [bounced], "feedbackId": f"feedback-{message_id}"},
        ),
        "Complaint": (
            "complaint",
            {"timestamp": stamp, "complainedRecipients": [{"emailAddress": to}]},
        ),
    }
    name, part = parts[kind]
    tags = {"reference": [reference]} if reference else {}
    mail = {"timestamp": stamp, "messageId": message_id, "source": source, "destination": [to]}
    return {"eventType": kind, "mail": {**mail, "tags": tags}, name: part}


def _mime(said: Said, to: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = formataddr((said.name or "", said.sender))
    mail["To"] = to
    mail["Subject"] = str(said.extra.get("subject", ""))
    mail["Date"] = format_datetime(said.at)
    mail["Message-ID"] = f"<{said.message_id}@mail.twin.example>"
    for name, key in (("In-Reply-To", "in_reply_to"), ("References", "references")):
        if value := said.extra.get(key):
            mail[name] = str(value)
    mail.set_content(said.text or "")
    if html := said.extra.get("html"):
        mail.add_alternative(str(html), subtype="html")
    if said.media:
        main, _, sub = said.media.content_type.partition("/")
        name = said.media.filename or "attachment"
        mail.add_attachment(said.media.content, maintype=main, subtype=sub, filename=name)
    return mail


def _envelope(account: Account, kind: str, message_id: str, at: datetime) -> Json:
    return {
        "Type": kind,
        "MessageId": message_id,
        "TopicArn": topic_arn(account),
        "Timestamp": iso(at),
        "SignatureVersion": "2",
    }


def _webhook(authority: Authority, account: Account, url: str, envelope: Json) -> Webhook:
    headers = (
        ("Content-Type", "text/plain; charset=UTF-8"),  # JSON inside, as SNS has it
        ("x-amz-sns-message-type", envelope["Type"]),
        ("x-amz-sns-topic-arn", envelope["TopicArn"]),
        ("User-Agent", "Amazon Simple Notification Service Agent"),
    )
    envelope = {**envelope, "SigningCertURL": certificate_url(account, authority)}
    body = json.dumps(authority.sign(envelope), indent=2).encode()
    return Webhook(account.channel, account.name, url, headers, body)


def _sns(account: Account) -> str:
    parts = topic_arn(account).split(":")
    region = parts[3] if len(parts) > 3 else "us-east-1"
    return f"https://sns.{region}.amazonaws.com"


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    signer: rsa.RSAPrivateKey,
    *,
    is_ca: bool,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_UNTIL)
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
    )
    if not is_ca:
        names = x509.SubjectAlternativeName([x509.DNSName("sns.amazonaws.com")])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signer, hashes.SHA256())
