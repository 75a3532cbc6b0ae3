"""Register, show, rotate and remove channel accounts."""

from collections.abc import Mapping
from typing import Any

from rapport.ingest.model import check_name
from rapport.ingest.ports import AccountDocuments
from rapport.kernel.errors import Conflict, InvalidInput, NotFound

MASK = "***"

OPEN_SETTINGS = frozenset(
    {
        "account_sid",
        "allowed_origins",
        "allowed_topic_arns",
        "api_key_sid",
        "app_id",
        "bot_id",
        "bot_username",
        "configuration_set",
        "content_sids",
        "destination",
        "domain",
        "from_address",
        "from_name",
        "graph_version",
        "ig_id",
        "max_body_bytes",
        "max_price",
        "max_price_per_minute",
        "messaging_service_sid",
        "origination_identity",
        "page_id",
        "phone_number_id",
        "protect_configuration",
        "public_base_url",
        "region",
        "reply_to_address",
        "sms_from",
        "return_days",
        "sns_max_age_s",
        "source_type",
        "waba_id",
        "token_ttl_s",
        "trusted_root_pem",
        "voice_identity",
        "whatsapp_from",
    }
)
"""Settings that are shown as they are. What is not known here counts as secret and is not."""


def put_account(
    channel: str, account: str, document: Mapping[str, Any], *, documents: AccountDocuments
) -> dict[str, Any]:
    """Register an account or replace its document; what is stored then, secrets masked.

    A value given as `***` stays as it is. Again is the same; the last of two writers wins.
    """
    check_name(channel, account)
    whole = dict(document)
    if any(_is_masked(value) for value in whole.values()):
        whole = _unmasked(whole, _stored(channel, account, documents))
    try:
        documents.create(channel, account, whole)
    except Conflict:
        documents.restore(channel, account)  # nothing, unless it was being deleted
        documents.replace(channel, account, whole)
    return masked(whole)


def show_account(channel: str, account: str, *, documents: AccountDocuments) -> dict[str, Any]:
    """An account's document, secrets masked; raises `NotFound`."""
    check_name(channel, account)
    return masked(documents.read(channel, account))


def rotate(
    channel: str, account: str, key: str, value: str, *, documents: AccountDocuments
) -> dict[str, Any]:
    """Put a secret's new value first and keep the one before; the document, secrets masked.

    Both are valid until the next rotation. Rotating to the value that is first already changes
    nothing, so that a repetition does not lose the older one.
    """
    check_name(channel, account)
    if key == "write_keys":
        # Each belongs to a source of its own: the oldest is nobody's to drop.
        raise InvalidInput("Put the document with all write keys instead.", field="key")
    document = documents.read(channel, account)
    held = document.get(key)
    known = [one for one in (held if isinstance(held, list) else [held]) if one]
    if not known:
        raise InvalidInput("Give a key that the account's document has.", field="key")
    if not all(isinstance(one, str) for one in known):
        raise InvalidInput("Only a text can be rotated.", field="key")
    if known[0] != value:
        document = document | {key: [value, known[0]]}
        documents.replace(channel, account, document)
    return masked(document)


def delete_account(channel: str, account: str, *, documents: AccountDocuments) -> None:
    """Remove an account; twice is once."""
    check_name(channel, account)
    documents.delete(channel, account)


def masked(document: Mapping[str, Any]) -> dict[str, Any]:
    """`document`, every value hidden that is not known to be harmless."""
    return {
        key: value if key in OPEN_SETTINGS else _mask(value)
        for key, value in sorted(document.items())
    }


def _mask(value: Any) -> Any:
    if isinstance(value, list):
        return [MASK for _ in value]
    return MASK


def _is_masked(value: Any) -> bool:
    return value == MASK or (isinstance(value, list) and MASK in value)


def _stored(channel: str, account: str, documents: AccountDocuments) -> dict[str, Any]:
    try:
        return documents.read(channel, account)
    except NotFound:
        return {}


def _unmasked(document: dict[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in document.items():
        if not _is_masked(value):
            continue
        if key not in stored or (isinstance(value, list) and set(value) != {MASK}):
            raise InvalidInput(
                "Give the value: there is none stored to keep.", field=f"document.{key}"
            )
    return {key: stored[key] if _is_masked(value) else value for key, value in document.items()}
