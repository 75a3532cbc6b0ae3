"""Certificates by their address, fetched once a process."""

from rapport.channels.base import CertificateSource
from rapport.channels.sender import AnswerLost, Http, NotSent

MAX_CERTIFICATE_BYTES = 32_768
MAX_KEPT = 32


def certificate_source(http: Http) -> CertificateSource:
    """A source that keeps what it fetched; a failed fetch raises OSError and is tried again."""
    kept: dict[str, bytes] = {}

    def get(url: str) -> bytes:
        if url not in kept:
            if len(kept) >= MAX_KEPT:
                kept.clear()
            kept[url] = _fetch(url, http)
        return kept[url]

    return get


def _fetch(url: str, http: Http) -> bytes:
    try:
        answer = http.send("GET", url, {}, b"")
    except (NotSent, AnswerLost) as error:
        raise OSError("The certificate could not be fetched.") from error
    if answer.status != 200 or len(answer.body) > MAX_CERTIFICATE_BYTES:
        raise OSError("The certificate could not be fetched.")
    return answer.body
