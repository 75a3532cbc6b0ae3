"""A pinned connection is still TLS to the *named* host: its certificate and its name count."""

import functools
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import urllib3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from rapport.channels import addresses
from rapport.channels.download import PublicHttp
from rapport.kernel.errors import Transient

HOST = "cdn.example.com"
seen: list[tuple[str, str]] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        seen.append((self.headers["host"], self.path))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *args: object) -> None: ...


def certificate(folder: Path) -> Path:
    """A self-signed certificate of HOST with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "host.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A TLS server on loopback which `open_pinned` reaches in place of port 443; its address."""
    pem = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    port = server.server_address[1]
    plain = urllib3.HTTPSConnectionPool

    def pool(host: str, **options: object) -> urllib3.HTTPSConnectionPool:
        assert options["port"] == 443
        assert ipaddress.ip_address(host)
        options = {**options, "port": port, "ca_certs": str(pem)}
        return functools.partial(plain, host)(**options)  # type: ignore[arg-type]

    monkeypatch.setattr(urllib3, "HTTPSConnectionPool", pool)
    monkeypatch.setattr(addresses, "is_public", lambda _: True)
    yield "127.0.0.1"
    server.shutdown()
    server.server_close()


def test_the_named_host_is_reached_at_the_pinned_address(site: str) -> None:
    answer = PublicHttp(resolve=lambda _: [site]).get(f"https://{HOST}/a?b=c", {})
    assert (answer.status, answer.body) == (200, b"ok")
    assert seen[-1] == (HOST, "/a?b=c")


def test_the_certificate_of_another_name_is_refused(site: str) -> None:
    with pytest.raises(Transient):
        PublicHttp(resolve=lambda _: [site]).get("https://other.example.com/", {})
