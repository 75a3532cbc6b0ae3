"""Fill a new stack: channel accounts, people who answer, and two customers the shop knows already.

All but the first administrator comes in by the product's own API, as it would in the cloud.
"""

import base64
import contextlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.api import Api, sign_in, twins
from local.context import StackContext
from local.paths import STATE

ORIGIN = "https://shop.example"
PEOPLE_FILE = "people.json"


@dataclass(frozen=True)
class Person:
    """Someone who signs in."""

    email: str
    name: str
    group: str


PEOPLE = (
    Person("ada@bank.example", "Ada Admin", "admin"),
    Person("sue@bank.example", "Sue Supervisor", "supervisor"),
    Person("omar@bank.example", "Omar Officer", "agent"),
    Person("olga@bank.example", "Olga Officer", "agent"),
)

CAPACITY = 50  # What earlier stories left open must not keep a new one from the screen.


def seed(context: StackContext) -> list[str]:
    """Fill the stack behind `context`; the lines that people should see."""
    people = _people(context)
    admin = Api(context.http_api_url, sign_in(context, PEOPLE[0].email, people[PEOPLE[0].email]))
    _channel_accounts(context, admin)
    for person in PEOPLE:
        if person.group == "agent":
            agent_id = subject(sign_in(context, person.email, people[person.email]))
            admin.put(f"/v1/agents/{agent_id}", {"name": person.name, "capacity": CAPACITY})
    for customer in CUSTOMERS:
        admin.post("/v1/customers", customer)
    width = max(len(person.email) for person in PEOPLE)
    return [
        "",
        "Sign in (Cognito, client ConsoleClientId):",
        *(f"  {one.email:<{width}}  {people[one.email]}  {one.group}" for one in PEOPLE),
    ]


CUSTOMERS: tuple[dict[str, Any], ...] = (
    {
        "source_id": "member-1001",
        "name": "Steve Rogers",
        "identifiers": [
            {"namespace": "phone", "value": "+14155550101", "assurance": "verified"},
            {"namespace": "email", "value": "steve@example.com", "assurance": "verified"},
        ],
        "traits": {"membership": "VIP"},
    },
    {
        "source_id": "prospect-2002",
        "name": "Jane Wong",
        "identifiers": [
            {"namespace": "phone", "value": "+14155550102", "assurance": "verified"},
        ],
        "traits": {"segment": "prospect"},
    },
)


def passwords(context: StackContext) -> dict[str, str]:
    """The passwords of the running stack's people, by e-mail address."""
    del context
    return dict(json.loads(_people_file().read_text()))


def write_key(context: StackContext) -> str:
    """The write key of the shop's tracking source."""
    return str(known_document(context, "segment", "default")["write_keys"][0])


def known_document(context: StackContext, channel: str, name: str) -> dict[str, Any]:
    """An account's document as the stack has it; empty where it has none."""
    secrets_manager = context.client("secretsmanager")
    try:
        secret = secrets_manager.get_secret_value(
            SecretId=f"rapport/{context.stage}/channels/{channel}/{name}"
        )
    except secrets_manager.exceptions.ResourceNotFoundException:
        return {}
    return dict(json.loads(secret["SecretString"]))


def subject(token: str) -> str:
    """The subject (`sub`) of an access token: an agent's id."""
    payload = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return str(claims["sub"])


def _people_file() -> Path:
    return STATE / PEOPLE_FILE


def _people(context: StackContext) -> dict[str, str]:
    cognito = context.client("cognito-idp")
    pool = context.outputs["UserPoolId"]
    known: dict[str, str] = {}
    if _people_file().exists():
        known = json.loads(_people_file().read_text())
    for person in PEOPLE:
        known.setdefault(person.email, f"{secrets.token_urlsafe(12)}-Aa1")
        with contextlib.suppress(cognito.exceptions.UsernameExistsException):
            cognito.admin_create_user(
                UserPoolId=pool,
                Username=person.email,
                MessageAction="SUPPRESS",
                TemporaryPassword=known[person.email],
                UserAttributes=[
                    {"Name": "email", "Value": person.email},
                    {"Name": "email_verified", "Value": "true"},
                ],
            )
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=person.email, Password=known[person.email], Permanent=True
        )
        cognito.admin_add_user_to_group(
            UserPoolId=pool, Username=person.email, GroupName=person.group
        )
    _people_file().write_text(json.dumps(known))
    return known


def _channel_accounts(context: StackContext, admin: Api) -> None:
    """Register each account here and with its provider's twin, which then plays it."""
    accounts = []
    for channel, name, made in documents(context):
        # Functions keep what they read for minutes: a stack that is seeded again keeps its secrets.
        document = made | known_document(context, channel, name)
        if "trusted_root_pem" in made:  # the twins make a new root whenever they start
            document["trusted_root_pem"] = made["trusted_root_pem"]
        admin.put(f"/v1/channel-accounts/{channel}/{name}", {"document": document})
        webhook_url = f"{context.http_api_url}/webhooks/{channel}/{name}"
        accounts.append(
            {
                "channel": channel,
                "account": name,
                "document": document,
                "webhook_url": webhook_url,
            }
        )
    twins(context).post("/accounts", {"accounts": accounts})


def documents(context: StackContext) -> list[tuple[str, str, dict[str, Any]]]:
    """(channel, account, document) of every account on the local stack; secrets are made anew."""
    topics = "arn:aws:sns:us-east-1:000000000000"
    meta = {"app_secret": _secret(), "verify_token": _secret()}
    return [
        (
            "whatsapp",
            "main",
            {**meta, "access_token": _secret(), "phone_number_id": "106540352242922"},
        ),
        ("messenger", "main", {**meta, "access_token": _secret(), "page_id": "1906385232743451"}),
        ("line", "main", {"channel_secret": _secret(), "channel_access_token": _secret()}),
        (
            "telegram",
            "main",
            {"bot_token": f"110201543:{_secret()}", "secret_token": _secret()},
        ),
        (
            "twilio",
            "main",
            {
                "account_sid": "AC" + secrets.token_hex(16),
                "auth_token": _secret(),
                "sms_from": "+15005550006",
                "whatsapp_from": "+15005550007",
                "voice_from": "+15005550008",
                "public_base_url": context.http_api_url,
            },
        ),
        (
            "ses",
            "main",
            {
                "from_address": "help@bank.example",
                "allowed_topic_arns": [f"{topics}:mail"],
                "trusted_root_pem": _root_pem(context),
                "region": context.region,
            },
        ),
        (
            "aws_messaging",
            "main",
            {
                "origination_identity": "+15005550009",
                "configuration_set": "messaging",
                "allowed_topic_arns": [f"{topics}:messaging"],
                "trusted_root_pem": _root_pem(context),
                "region": context.region,
            },
        ),
        ("webchat", "main", {"token_key": _secret(), "allowed_origins": [ORIGIN]}),
        ("segment", "default", {"write_keys": [_secret()], "source_type": "server"}),
    ]


def _root_pem(context: StackContext) -> str:
    return str(twins(context).get("/sns-root.pem"))


def _secret() -> str:
    return secrets.token_hex(16)
