"""Sign requests as the providers do, written from their documentation and not from our adapters.

Shared by the contract suite and by the recorded cases: `python -m tests.contract.channels.sign
FILE…` writes fresh signatures into case files (`events/webhooks/<channel>/<case>.json`) that have a
`signing` object: `body` is signed instead of the request's own, `secrets` replace the case's.
"""

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

Json = dict[str, Any]
CERT_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-{}.pem".format("ab" * 16)


def meta(body: bytes, secret: str) -> str:
    """`X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def line(body: bytes, secret: str) -> str:
    """`x-line-signature`."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def twilio(url: str, body: bytes, token: str, *, form: bool, algorithm: str = "sha1") -> str:
    """`X-Twilio-Signature`: the URL, then each sorted name with its sorted distinct values."""
    text = url.split("#", maxsplit=1)[0]
    pairs = parse_qsl(body.decode(), keep_blank_values=True) if form else []
    for name in sorted({name for name, _ in pairs}):
        for value in sorted({value for other, value in pairs if other == name}):
            text += name + value
    return base64.b64encode(hmac.new(token.encode(), text.encode(), algorithm).digest()).decode()


def basic(key: str) -> str:
    """Segment's `Authorization`."""
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def token(claims: Json, key: str, header: Json | None = None) -> str:
    """A JWT signed with HS256, whatever its header claims."""
    parts = [header or {"alg": "HS256", "typ": "JWT"}, claims]
    text = ".".join(_url_base64(json.dumps(part).encode()) for part in parts)
    mac = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return f"{text}.{_url_base64(mac)}"


class Authority:
    """A root, and a certificate for SNS's name that it issued."""

    def __init__(self, subject: str = "sns.amazonaws.com") -> None:
        start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 12, 31, tzinfo=UTC)
        root_key = rsa.generate_private_key(65537, 2048)
        self.key = rsa.generate_private_key(65537, 2048)
        root_name = _name("Rapport Test Root")
        self.root = _certificate(root_name, root_name, root_key, root_key, start, end, ca=True)
        self.leaf = _certificate(_name(subject), root_name, self.key, root_key, start, end)

    @property
    def root_pem(self) -> str:
        """The root, as an account's document carries it."""
        return self.root.public_bytes(Encoding.PEM).decode()

    @property
    def leaf_pem(self) -> str:
        """What the certificate's address answers."""
        return self.leaf.public_bytes(Encoding.PEM).decode()

    def sign(self, envelope: Json) -> str:
        """`Signature` of an envelope, by its own `SignatureVersion`."""
        names = ["Message", "MessageId"]
        if envelope["Type"] == "Notification":
            names += ["Subject", "Timestamp", "TopicArn", "Type"]
        else:
            names += ["SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        text = "".join(f"{n}\n{envelope[n]}\n" for n in names if envelope.get(n) is not None)
        algorithm = hashes.SHA1() if envelope["SignatureVersion"] == "1" else hashes.SHA256()
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), algorithm)
        return base64.b64encode(signature).decode()


def sign_case(channel: str, case: Json) -> None:
    """Put the signature into `case["request"]` in place."""
    signing = case["signing"]
    request = case["request"]
    secrets = {**case["secrets"], **signing.get("secrets", {})}
    body = signing.get("body", request["body"]).encode()
    SIGNERS[channel](case, request, secrets, body)


def _sign_meta(case: Json, request: Json, secrets: Json, body: bytes) -> None:
    request["headers"]["X-Hub-Signature-256"] = meta(body, _first(secrets["app_secret"]))


def _sign_line(case: Json, request: Json, secrets: Json, body: bytes) -> None:
    request["headers"]["x-line-signature"] = line(body, _first(secrets["channel_secret"]))


def _sign_twilio(case: Json, request: Json, secrets: Json, body: bytes) -> None:
    form = "form" in request["headers"].get("Content-Type", "")
    url = case["signing"].get("url", request["url"])
    settings = request["headers"].get("X-Twilio-Webhooks-Signature-Settings")
    key, algorithm = _first(secrets["auth_token"]), "sha1"
    if settings:
        named = dict(part.split("=") for part in settings.split(","))
        key = secrets["shared_keys"][named["key"]]
        algorithm = "sha256" if named["algorithm"].endswith("256") else "sha1"
    signature = twilio(url, body, key, form=form, algorithm=algorithm)
    request["headers"]["X-Twilio-Signature"] = signature


def _sign_sns(case: Json, request: Json, secrets: Json, body: bytes) -> None:
    authority = _authority()
    envelope = json.loads(request["body"])
    signed = {**envelope, **case["signing"].get("envelope", {})}
    envelope["Signature"] = authority.sign(signed)
    request["body"] = json.dumps(envelope)
    case["secrets"]["certs"] = {CERT_URL: authority.leaf_pem}
    if "trusted_root_pem" in case["secrets"]:
        case["secrets"]["trusted_root_pem"] = authority.root_pem


def _sign_webchat(case: Json, request: Json, secrets: Json, body: bytes) -> None:
    signing = case["signing"]
    jwt = token(signing["claims"], _first(secrets["token_key"]), signing.get("header"))
    request["headers"]["Authorization"] = f"Bearer {jwt}"


SIGNERS: dict[str, Callable[[Json, Json, Json, bytes], None]] = {
    "whatsapp": _sign_meta,
    "messenger": _sign_meta,
    "line": _sign_line,
    "twilio": _sign_twilio,
    "ses": _sign_sns,
    "aws_messaging": _sign_sns,
    "webchat": _sign_webchat,
}


@cache
def _authority() -> Authority:
    return Authority()


def _first(secret: str | list[str]) -> str:
    return secret if isinstance(secret, str) else secret[0]


def _url_base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    issuer_key: rsa.RSAPrivateKey,
    start: datetime,
    end: datetime,
    *,
    ca: bool = False,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end + timedelta(days=365 if ca else 0))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )


def main() -> None:
    """Sign the case files named on the command line again."""
    for name in sys.argv[1:]:
        path = Path(name)
        case = json.loads(path.read_text("utf-8"))
        if "signing" in case:
            sign_case(path.parent.name, case)
            path.write_text(json.dumps(case, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
