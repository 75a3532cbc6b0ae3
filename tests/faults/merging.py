"""Stories of customers who turn out to be one person, and then two again."""

from typing import Any

from tests.faults.world import ADA, ADMIN, TWILIO, World

OTHER = "+14155550177"
SHOP = {
    "sub": "shop-system",
    "client_id": "shop-system",
    "scope": "rapport/customers.read rapport/customers.write",
}
ACCOUNT = {
    "source_id": "account-4711",
    "name": "Customer Ada",
    "identifiers": [
        {"namespace": "phone", "value": f"+{ADA}", "assurance": "verified"},
        {"namespace": "phone", "value": OTHER, "assurance": "verified"},
    ],
}


def two_customers(world: World) -> None:
    """Somebody writes from two telephones, and nobody knows that it is one person."""
    world.agent("usr_grace", capacity=5)
    world.register(TWILIO)
    with world.uncounted():
        world.writes(ADA, "Hello")
        world.writes(OTHER, "Is my order there?", channel="twilio", to="+15550009999")


def one_customer(world: World) -> None:
    """… until the shop's own system tells that both are hers."""
    two_customers(world)
    with world.uncounted():
        merge(world)


def merge(world: World) -> None:
    """The shop's system knows a person by both numbers: two customers and conversations are one."""
    world.step()
    world.asks("POST", "/v1/customers", ACCOUNT, SHOP, "register")


def decide(world: World) -> None:
    """A supervisor decides that two customers are one, by the API."""
    world.step()
    older, younger = _customers(world)
    body = {"customer_id": younger, "reason": "She told so."}
    world.asks("POST", f"/v1/customers/{older}/merge", body, ADMIN, "merge")


def unmerge(world: World) -> None:
    """An administrator takes the second telephone from the customer again; she writes from it."""
    world.step()
    with world.uncounted():
        found = _search(world, OTHER)
    records = [one["record_id"] for one in found["records"] if one["channel"] == "sms"]
    body = {"record_ids": records, "reason": "It is her daughter's."}
    path = f"/v1/customers/{found['customer_id']}/unmerge"
    world.asks("POST", path, body, ADMIN, "unmerge")
    world.writes(OTHER, "Who am I?", channel="twilio", to="+15550009999")


def other_rules(world: World) -> None:
    """By other rules telephones join nobody: the customer comes apart, conversations as well."""
    world.step()
    with world.uncounted():
        rules = world.request("GET", "/v1/identity/rules", claims=ADMIN).json["rules"]
    for namespace in rules["namespaces"]:
        if namespace["name"] == "phone":
            namespace["joins_from"] = None
    body = {"replaces": rules["version"], "rules": {**rules, "version": "no-phones"}}
    world.asks("PUT", "/v1/identity/rules", body, ADMIN, "rules")
    world.step()  # functions go by the rules they read for a minute
    world.asks("POST", "/v1/identity/rules/application", {"limit": 100}, ADMIN, "apply")
    world.writes(OTHER, "Who am I?", channel="twilio", to="+15550009999")


def _customers(world: World) -> list[str]:
    with world.uncounted():
        return [_search(world, number)["customer_id"] for number in (f"+{ADA}", OTHER)]


def _search(world: World, number: str) -> dict[str, Any]:
    path = f"/v1/customers?namespace=phone&value=%2B{number[1:]}"
    answer = world.request("GET", path, claims=ADMIN)
    found: dict[str, Any] = answer.json["items"][0]
    return found
