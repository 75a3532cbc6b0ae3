"""The one place where ports meet AWS; everything is built on first use.

Importing a handler therefore needs no environment, and a test or a simulation swaps a port by
replacing a function here.
"""

import os
from functools import cache
from typing import TYPE_CHECKING

from rapport.aws.clients import client
from rapport.kernel.clock import Clock, SystemClock
from rapport.kernel.errors import Misconfigured
from rapport.kernel.ids import Ids, RandomIds

if TYPE_CHECKING:
    from rapport.activity.ports import Activities
    from rapport.aws.events import EventBus
    from rapport.aws.queues import SqsQueue
    from rapport.channels.sender import Http
    from rapport.conversations.ports import Conversations, Messages
    from rapport.idempotency.ports import Requests
    from rapport.identity.hearing import Engine
    from rapport.identity.matching import Matcher
    from rapport.identity.ports import Graph, RuleBook
    from rapport.identity.rule_book import RulesInForce
    from rapport.ingest.ports import AccountDocuments, ChannelAccounts, Objects
    from rapport.ingest.service import Intake
    from rapport.notifications.ports import Ledger
    from rapport.notifications.service import Delivery
    from rapport.realtime.service import Realtime
    from rapport.relay.service import Outlets
    from rapport.routing.ports import Routing
    from rapport.routing.service import Desk
    from rapport.views.attachments import AttachmentStore
    from rapport.views.conversations import Links
    from rapport.views.customers import CustomerSources
    from rapport.views.replay import Tables
    from rapport.views.replies import ReplyDesk
    from rapport.views.socket_actions import Switchboard
    from rapport.views.timeline import Words


def setting(name: str) -> str:
    """A setting of this function from template.yaml; raises `Misconfigured` when it is missing."""
    value = os.environ.get(name, "")
    if not value:
        raise Misconfigured(f"The environment variable {name} is not set; see template.yaml.")
    return value


@cache
def clock() -> Clock:
    """The time."""
    return SystemClock()


@cache
def ids() -> Ids:
    """New identifiers."""
    return RandomIds(clock())


@cache
def identities() -> "Graph":
    """Records, and what they said."""
    from rapport.identity.store import DynamoGraph

    return DynamoGraph(client("dynamodb"), setting("IDENTITY_TABLE"))


@cache
def rule_book() -> "RuleBook":
    """The rules of identity resolution, and those that were in force before."""
    from rapport.identity.rule_store import DynamoRuleBook

    return DynamoRuleBook(client("dynamodb"), setting("IDENTITY_TABLE"))


@cache
def rules_in_force() -> "RulesInForce":
    """The rules in force, read again every minute."""
    from rapport.identity.rule_book import RulesInForce

    return RulesInForce(rule_book(), clock())


@cache
def matcher() -> "Matcher":
    """Compares what was said of people."""
    from rapport.identity.matching import Matcher, default_model

    return Matcher(default_model())


def engine() -> "Engine":
    """What makes customers of what was said; what a known sender says again needs none of it."""
    from rapport.identity.hearing import Engine

    return Engine(identities(), rules_in_force()(), matcher(), ids())


@cache
def messages() -> "Messages":
    """Customers' messages."""
    from rapport.conversations.store import DynamoMessages

    return DynamoMessages(client("dynamodb"), setting("CONVERSATIONS_TABLE"))


@cache
def conversations() -> "Conversations":
    """Conversations."""
    from rapport.conversations.store import DynamoConversations

    return DynamoConversations(client("dynamodb"), setting("CONVERSATIONS_TABLE"))


@cache
def activities() -> "Activities":
    """Tracked events."""
    from rapport.activity.store import DynamoActivities

    return DynamoActivities(client("dynamodb"), setting("ACTIVITY_TABLE"))


@cache
def ledger() -> "Ledger":
    """Everything we send."""
    from rapport.notifications.store import DynamoLedger

    return DynamoLedger(client("dynamodb"), setting("NOTIFICATIONS_TABLE"))


@cache
def routing() -> "Routing":
    """Agents and waiting conversations."""
    from rapport.routing.store import DynamoRouting

    return DynamoRouting(client("dynamodb"), setting("ROUTING_TABLE"))


@cache
def accounts() -> "ChannelAccounts":
    """Channel accounts and their secrets."""
    from rapport.aws.secrets import SecretsManagerAccounts

    return SecretsManagerAccounts(client("secretsmanager"), setting("STAGE"), clock())


@cache
def objects() -> "Objects":
    """Large bodies and attachments."""
    from rapport.aws.objects import S3Objects

    return S3Objects(client("s3"), setting("BUCKET"))


@cache
def queue(name: str) -> "SqsQueue":
    """A queue by the name of the setting that holds its URL, e.g. `INBOUND_QUEUE_URL`."""
    from rapport.aws.queues import SqsQueue

    return SqsQueue(client("sqs"), setting(name))


def queue_by_arn(arn: str) -> "SqsQueue":
    """The queue a record came from, among those this function has a setting for."""
    name = arn.rpartition(":")[2]
    for key, value in os.environ.items():
        if key.endswith("_QUEUE_URL") and value.rpartition("/")[2] == name:
            return queue(key)
    raise Misconfigured(f"No setting …_QUEUE_URL names the queue {name}; see template.yaml.")


@cache
def bus() -> "EventBus":
    """The event bus."""
    from rapport.aws.events import EventBus

    return EventBus(client("events"), setting("EVENT_BUS"))


@cache
def http() -> "Http":
    """The way to providers; on the local stack, to their twins."""
    from rapport.channels.http import ProviderHttp

    return ProviderHttp(os.environ.get("PROVIDER_BASE_URL") or None)


@cache
def intake() -> "Intake":
    """What ingest needs."""
    from rapport.aws.secrets import key_source
    from rapport.channels.certificates import certificate_source
    from rapport.ingest.service import Intake

    return Intake(
        accounts=accounts(),
        certificates=certificate_source(http()),
        inbound=queue("INBOUND_QUEUE_URL"),
        receipts=queue("RECEIPTS_QUEUE_URL"),
        objects=objects(),
        ids=ids(),
        http=http(),
        pseudonym_key=key_source(client("secretsmanager"), setting("PSEUDONYM_KEY")),
    )


@cache
def delivery() -> "Delivery":
    """What an attempt to send needs."""
    from rapport.channels import registry
    from rapport.notifications.service import Delivery

    return Delivery(
        ledger=ledger(),
        sender_of=registry.sender,
        account_of=accounts().get,
        refresh=accounts().refresh,
        http=http(),
        clock=clock(),
    )


@cache
def outlets() -> "Outlets":
    """Where the relay publishes."""
    from rapport.relay.service import Outlets

    return Outlets(
        bus=bus(),
        outbound={
            medium: queue(f"OUTBOUND_{medium.upper()}_QUEUE_URL")
            for medium in ("chat", "sms", "email", "otp")
        },
    )


@cache
def desk() -> "Desk":
    """What routing works with."""
    from rapport.routing.service import Desk
    from rapport.views.desk import assignee, assigner

    return Desk(
        routing=routing(),
        assign=assigner(conversations()),
        assignee=assignee(conversations()),
        clock=clock(),
    )


@cache
def attachment_store() -> "AttachmentStore":
    """What fetching attachments needs."""
    from rapport.channels.download import PublicHttp
    from rapport.views.attachments import AttachmentStore

    return AttachmentStore(
        messages=messages(),
        objects=objects(),
        account_of=accounts().get,
        http=PublicHttp(os.environ.get("PROVIDER_BASE_URL") or None),
    )


@cache
def realtime() -> "Realtime":
    """Sockets, tickets, and the way to push."""
    import secrets

    from rapport.aws.sockets import ApiGatewaySockets, management_client
    from rapport.realtime.service import Realtime
    from rapport.realtime.store import DynamoConnections, DynamoTickets

    dynamodb, table = client("dynamodb"), setting("REALTIME_TABLE")
    return Realtime(
        tickets=DynamoTickets(dynamodb, table),
        connections=DynamoConnections(dynamodb, table),
        # Functions that only hand out tickets have no endpoint, and never push.
        sockets=ApiGatewaySockets(lambda: management_client(setting("WEBSOCKET_ENDPOINT"))),
        clock=clock(),
        randbits=secrets.randbits,
    )


@cache
def tables() -> "Tables":
    """The stores that screens are fed from."""
    from rapport.views.replay import Tables

    return Tables(messages(), conversations(), ledger(), identities())


@cache
def switchboard() -> "Switchboard":
    """What answering a socket needs."""
    from rapport.views.socket_actions import Switchboard

    return Switchboard(realtime(), tables(), intake, ids())


@cache
def requests() -> "Requests":
    """The API's requests by their idempotency key."""
    from rapport.idempotency.store import DynamoRequests

    return DynamoRequests(client("dynamodb"), setting("API_TABLE"))


@cache
def words() -> "Words":
    """What was said, by customers and by us."""
    from rapport.views.timeline import Words

    return Words(messages=messages(), ledger=ledger())


@cache
def customer_sources() -> "CustomerSources":
    """What showing a customer needs."""
    from rapport.views.customers import CustomerSources

    return CustomerSources(
        identities=identities(),
        conversations=conversations(),
        activities=activities(),
        words=words(),
        rules=rules_in_force(),
    )


@cache
def reply_desk() -> "ReplyDesk":
    """What answering a customer needs."""
    from rapport.channels import registry
    from rapport.views.replies import ReplyDesk

    return ReplyDesk(
        messages=messages(),
        ledger=ledger(),
        sender_of=registry.sender,
        account_of=accounts().get,
        clock=clock(),
    )


@cache
def account_documents() -> "AccountDocuments":
    """Channel accounts as operators write them."""
    from rapport.aws.account_documents import SecretsManagerDocuments

    key = os.environ.get("KEY_ID") or None
    return SecretsManagerDocuments(client("secretsmanager"), setting("STAGE"), key)


@cache
def links() -> "Links":
    """Links to stored attachments."""
    from rapport.aws.links import S3Links

    return S3Links(setting("BUCKET"))


def reset() -> None:
    """Forget everything built; for tests that change the environment."""
    from rapport import wiring_otp

    for built in [*globals().values(), *vars(wiring_otp).values()]:
        if hasattr(built, "cache_clear"):
            built.cache_clear()
