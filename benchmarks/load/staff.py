"""Agents of the load's own, each with a screen that notes when it is told what."""

import json
import secrets
import time
from collections.abc import Sequence
from typing import Any

from local import seed
from local.api import Api, sign_in
from local.context import StackContext
from local.screen import Screen
from rapport.routing.store import AGENT, QUEUE_PARTITION

CAPACITY = 50
GROUP = "agent"


class TimedScreen(Screen):
    """A screen that knows when (epoch seconds) each frame came first."""

    def __init__(self, url: str, ticket: str) -> None:
        self.came: dict[tuple[str, str], float] = {}
        super().__init__(url, ticket)

    def _listen(self) -> None:
        for text in self._socket:
            frame = json.loads(text)
            now = time.time()
            match frame["type"]:
                case "message":
                    self.came.setdefault(("text", frame.get("text") or ""), now)
                case "assignment":
                    self.came.setdefault(("customer", frame["customer_id"]), now)
            with self._changed:
                self._frames.append(frame)
                self._changed.notify_all()


class Staff:
    """`number` agents who take fifty conversations each; gone again after `leave`."""

    def __init__(self, context: StackContext, number: int) -> None:
        self._context = context
        admin = seed.PEOPLE[0].email
        token = sign_in(context, admin, seed.passwords(context)[admin])
        self._admin = Api(context.http_api_url, token)
        self.agents: list[tuple[str, Api, TimedScreen]] = []
        self._emails: list[str] = []
        try:
            for _ in range(number):
                self._hire()
        except BaseException:
            self.leave()
            raise

    def _hire(self) -> None:
        cognito, pool = self._context.client("cognito-idp"), self._context.outputs["UserPoolId"]
        email, password = f"load-{secrets.token_hex(6)}@bank.example", secrets.token_urlsafe(16)
        cognito.admin_create_user(UserPoolId=pool, Username=email, MessageAction="SUPPRESS")
        self._emails.append(email)
        password = f"{password}-Aa1"
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=email, Password=password, Permanent=True
        )
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=email, GroupName=GROUP)
        token = sign_in(self._context, email, password)
        agent_id, api = seed.subject(token), Api(self._context.http_api_url, token)
        self._admin.put(f"/v1/agents/{agent_id}", {"name": "Load", "capacity": CAPACITY})
        ticket = api.post("/v1/realtime/tickets")["ticket"]
        screen = TimedScreen(self._context.websocket_url, ticket)
        self.agents.append((agent_id, api, screen))
        api.put(f"/v1/agents/{agent_id}/presence", {"presence": "online"})

    def told(self) -> dict[tuple[str, str], float]:
        """When any screen was first told of a text or of a customer's assignment."""
        found: dict[tuple[str, str], float] = {}
        for _, _, screen in self.agents:
            for what, when in list(screen.came.items()):
                found[what] = min(when, found.get(what, when))
        return found

    def conversations(self) -> list[tuple[Api, dict[str, Any]]]:
        """Every open conversation that one of them has, with that agent's way to the API."""
        found = []
        for _, api, _ in self.agents:
            page: dict[str, Any] = {"cursor": ""}
            while page.get("cursor") is not None:
                query = {"assignee": "me", "limit": "100", "cursor": page["cursor"]}
                page = api.get("/v1/conversations", **{k: v for k, v in query.items() if v})
                found += [(api, one) for one in page["items"]]
        return found

    def resolve(self, customers: Sequence[str]) -> None:
        """Close what these customers began."""
        for api, conversation in self.conversations():
            if conversation["customer_id"] in customers:
                self._close(api, conversation)

    def leave(self) -> None:
        """Take no more, close everything, and let nobody be left who could sign in."""
        for agent_id, api, _ in self.agents:
            api.put(f"/v1/agents/{agent_id}/presence", {"presence": "offline"})
        for api, conversation in self.conversations():
            self._close(api, conversation)
        dynamodb, table = self._context.client("dynamodb"), self._context.resources["RoutingTable"]
        for agent_id, _, screen in self.agents:
            screen.close()
            # The API forgets no agent: these never were any.
            key = {"pk": {"S": QUEUE_PARTITION}, "sk": {"S": f"{AGENT}{agent_id}"}}
            dynamodb.delete_item(TableName=table, Key=key)
        cognito, pool = self._context.client("cognito-idp"), self._context.outputs["UserPoolId"]
        for email in self._emails:
            cognito.admin_delete_user(UserPoolId=pool, Username=email)
        self.agents, self._emails = [], []

    def _close(self, api: Api, conversation: dict[str, Any]) -> None:
        api.call("POST", f"/v1/conversations/{conversation['conversation_id']}/resolve", {})
