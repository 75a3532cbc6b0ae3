"""How the notifications table spells its keys. See docs/data-model.md."""

BY_PROVIDER_ID = "by_provider_id"


def entry_key(record_id: str, message_id: str) -> tuple[str, str]:
    """`RECORD#rec_…`, `MESSAGE#msg_…`: a recipient's messages lie together, in order of entry."""
    return f"RECORD#{record_id}", f"MESSAGE#{message_id}"


def provider_key(account_channel: str, account: str, provider_message_id: str) -> str:
    """`whatsapp#main#wamid.X`: the provider's name of a message."""
    return f"{account_channel}#{account}#{provider_message_id}"
