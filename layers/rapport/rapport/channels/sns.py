"""Amazon SNS's HTTP(S) envelope: who signed it, for which topic, when.

The signed text is each present key and its decoded value on lines of their own, in a fixed order;
version 1 signs it with RSA-SHA1, version 2 with RSA-SHA256 (PKCS#1 v1.5). Anyone can make SNS sign
for a topic of theirs, so the topic must be one of ours; a certificate is only ever asked for at
SNS's own hosts. Source: awsdocs/amazon-sns-developer-guide, sns-verify-signature-of-message;
genuine messages of aws-sdk-java-v2's tests (which prove that UnsubscribeConfirmation signs its
Token).
"""

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

from rapport.channels.base import Account, Context, InboundAdapter, Received, Refused, Request
from rapport.channels.fields import from_iso, record, text
from rapport.channels.signatures import demand_secrets, from_base64
from rapport.contracts.inbound import InboundEvent
from rapport.kernel import json
from rapport.kernel.errors import InvalidInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.x509 import Certificate

MAX_MESSAGE_BYTES = 256 * 1024
MAX_AGE_S = 3600  # SNS gives up retrying an HTTP endpoint after an hour
FUTURE_S = 300
CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
SIGNED_KEYS = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": CONFIRMATION,
    "UnsubscribeConfirmation": CONFIRMATION,
}
# Matched against the whole text, never a prefix or suffix of it: no user info, port or look-alike.
_HOST = r"https://sns\.[a-z0-9-]{3,}\.amazonaws\.com(?:\.cn)?"
CERTIFICATE_URL = re.compile(_HOST + r"/[A-Za-z0-9_.-]+\.pem", re.ASCII)
VISIT_URL = re.compile(_HOST + r"/\?[\x21-\x7e]+", re.ASCII)
SUBJECT = re.compile(r"sns(?:-signing)?(?:\.[a-z0-9-]+)?\.amazonaws\.com(?:\.cn)?", re.ASCII)
MAX_CHAIN = 5


@dataclass(frozen=True)
class Notification:
    """What a topic tells: `message` is the JSON object it carries, empty where it is none.

    `event_id` is the same whenever SNS delivers it again; `sent_at` is when it was published.
    """

    message: dict[str, Any]
    event_id: str | None
    sent_at: datetime | None


class SnsAdapter(InboundAdapter):
    """The address that an AWS service's SNS topics post to; a subclass reads what they tell.

    Document: see `verify`.
    """

    # SNS carries messages up to 256 KB; as JSON inside JSON they grow by their escapes.
    max_body_bytes: ClassVar[int] = 2 * MAX_MESSAGE_BYTES

    def authenticate(self, request: Request, context: Context) -> None:
        """Check the envelope; raw delivery has none and cannot be authenticated."""
        if (request.header("x-amz-sns-rawdelivery") or "").lower() == "true":
            raise Refused("missing_signature")
        envelope = verify(request, context)
        if len(envelope["Message"].encode()) > MAX_MESSAGE_BYTES:
            raise Refused("too_large")

    def events(self, request: Request, context: Context) -> Sequence[InboundEvent]:
        """The events of a notification; confirmations have none."""
        envelope = request.json
        return list(self.read(_told(envelope))) if envelope["Type"] == "Notification" else []

    def translate(self, request: Request, context: Context) -> Received:
        """Events, or the address that confirms a subscription to an allowed topic."""
        return Received(
            valid=True,
            events=tuple(self.events(request, context)),
            visit=subscribe_url(request.json),
        )

    @abstractmethod
    def read(self, notification: Notification) -> Iterable[InboundEvent]:
        """The canonical events of one authentic notification; what is unknown is one `other`."""


def verify(request: Request, context: Context) -> dict[str, Any]:
    """The envelope of an authentic, fresh message of an allowed topic; raises `Refused`.

    Document: `allowed_topic_arns`; `sns_max_age_s` (3600); `trusted_root_pem`, to which the signing
    certificate must chain when set (else it is trusted for the TLS host it was fetched from).
    """
    topics = demand_secrets(context.account, "allowed_topic_arns")
    envelope = record(request.json)
    signed = _string_to_sign(envelope)
    signature = text(envelope.get("Signature"))
    if signature is None:
        raise Refused("missing_signature")
    version = envelope.get("SignatureVersion")
    if version not in ("1", "2"):
        raise Refused("unsupported_version")
    url = envelope.get("SigningCertURL") or envelope.get("SigningCertUrl")
    if not isinstance(url, str) or not CERTIFICATE_URL.fullmatch(url):
        raise Refused("untrusted_cert_url")
    if envelope["TopicArn"] not in topics:
        raise Refused("unexpected_topic")
    _demand_fresh(envelope, request.received_at, context.account)
    key = _signing_key(url, request.received_at, context)
    _demand_signed(key, from_base64(signature), signed, str(version))
    return envelope


def subscribe_url(envelope: Mapping[str, Any]) -> str | None:
    """The address that confirms a subscription; None when there is none to visit.

    Only for SubscriptionConfirmation: visiting that of an UnsubscribeConfirmation re-subscribes.
    """
    url = envelope.get("SubscribeURL")
    if envelope.get("Type") != "SubscriptionConfirmation" or not isinstance(url, str):
        return None
    return url if VISIT_URL.fullmatch(url) else None


def _told(envelope: Mapping[str, Any]) -> Notification:
    try:
        message = record(json.loads(envelope["Message"]))
    except InvalidInput:
        message = {}
    return Notification(
        message, text(envelope.get("MessageId")), from_iso(envelope.get("Timestamp"))
    )


def _string_to_sign(envelope: Mapping[str, Any]) -> bytes:
    """Key and value lines of the envelope's type; only Subject may be missing or null."""
    kind = envelope.get("Type")
    if not isinstance(kind, str) or kind not in SIGNED_KEYS:
        raise Refused("malformed")
    lines: list[str] = []
    for key in SIGNED_KEYS[kind]:
        value = envelope.get(key)
        if value is None and key == "Subject":
            continue
        if not isinstance(value, str):
            raise Refused("malformed")
        lines += (key, value)
    return "".join(f"{line}\n" for line in lines).encode()


def _demand_fresh(envelope: Mapping[str, Any], now: datetime, account: Account) -> None:
    sent = from_iso(envelope.get("Timestamp"))
    if sent is None:
        raise Refused("malformed")
    limit = account.document.get("sns_max_age_s")
    limit = limit if isinstance(limit, int) and not isinstance(limit, bool) else MAX_AGE_S
    if not -FUTURE_S <= (now - sent).total_seconds() <= limit:
        raise Refused("stale_timestamp")


def _signing_key(url: str, now: datetime, context: Context) -> "RSAPublicKey":
    try:
        pem = context.certificates(url)
    except OSError:
        # Not the sender's fault as far as we know: let SNS try again.
        raise Refused("untrusted_cert", status=503) from None
    root = context.account.setting("trusted_root_pem")
    key, valid_from, valid_until = _judge(pem, root)
    if not valid_from <= now <= valid_until:
        raise Refused("untrusted_cert")
    return key


@lru_cache(maxsize=16)
def _judge(pem: bytes, root_pem: str) -> tuple["RSAPublicKey", datetime, datetime]:
    """The certificate's key and the time in which it and its whole chain are valid."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    try:
        leaf, *others = x509.load_pem_x509_certificates(pem)
        roots = x509.load_pem_x509_certificates(root_pem.encode()) if root_pem else []
        key = leaf.public_key()
    except ValueError:
        raise Refused("untrusted_cert") from None
    if not isinstance(key, RSAPublicKey) or not any(map(SUBJECT.fullmatch, _names(leaf))):
        raise Refused("untrusted_cert")
    chain = _chain(leaf, others, roots) if root_pem else [leaf]
    return (
        key,
        max(item.not_valid_before_utc for item in chain),
        min(item.not_valid_after_utc for item in chain),
    )


def _names(certificate: "Certificate") -> list[str]:
    from cryptography import x509

    common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    names = [str(attribute.value) for attribute in common]
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names += extension.value.get_values_for_type(x509.DNSName)
    except (x509.ExtensionNotFound, ValueError):
        pass
    return names


def _chain(
    leaf: "Certificate", others: list["Certificate"], roots: list["Certificate"]
) -> list["Certificate"]:
    """`leaf` and its issuers up to one of `roots`; refused when it leads to none."""
    chain = [leaf]
    for _ in range(MAX_CHAIN):
        root = next((item for item in roots if _issued(chain[-1], item)), None)
        if root is not None:
            return [*chain, root]
        issuer = next((item for item in others if _is_ca(item) and _issued(chain[-1], item)), None)
        if issuer is None:
            break
        chain.append(issuer)
    raise Refused("untrusted_cert")


def _issued(certificate: "Certificate", issuer: "Certificate") -> bool:
    from cryptography.exceptions import InvalidSignature

    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_ca(certificate: "Certificate") -> bool:
    from cryptography import x509

    try:
        extension = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except (x509.ExtensionNotFound, ValueError):
        return False
    return extension.value.ca


def _demand_signed(key: "RSAPublicKey", signature: bytes, signed: bytes, version: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA1, SHA256

    algorithm = SHA1() if version == "1" else SHA256()  # noqa: S303 - version 1 is SNS's default
    try:
        key.verify(signature, signed, PKCS1v15(), algorithm)
    except InvalidSignature:
        raise Refused("bad_signature") from None
