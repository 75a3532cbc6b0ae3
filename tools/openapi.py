"""Write the API's description (OpenAPI 3.1) from the code: every route of every function.

`python -m tools.openapi` writes docs/openapi.json and the copy that is served; `--check` fails
where either is not what the code says.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable
from http import HTTPStatus
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from rapport.contracts.api.base import Problem
from rapport.entrypoint.auth import Access
from rapport.entrypoint.http import Api, Json
from rapport.entrypoint.routes import Route

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs/openapi.json"
SERVED = ROOT / "functions/identity/serve_customers/openapi.json"
TEMPLATE = "#/components/schemas/{model}"
IDEMPOTENCY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A repetition with the same key gets the first answer for 24 hours, "
    "`Idempotent-Replay: true` with it.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}


class Served(NamedTuple):
    """A route and the group it is listed under."""

    tag: str
    route: Route


def apis() -> list[Api]:
    """The route table of every function that has one."""
    found = []
    for path in sorted((ROOT / "functions").glob("*/*/app.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        api = getattr(import_module(name), "api", None)
        if isinstance(api, Api):
            found.append(api)
    return found


def served(tables: Iterable[Api]) -> list[Served]:
    """All routes; raises ValueError where two functions serve the same one."""
    found = [Served(api.tag, route) for api in tables for route in api.routes]
    keys = [one.route.key for one in found]
    twice = {key for key in keys if keys.count(key) > 1}
    if twice:
        raise ValueError(f"Served twice: {sorted(twice)}")
    return sorted(found, key=lambda one: (one.route.path, one.route.method))


def document() -> dict[str, Any]:
    """The whole description."""
    routes = served(apis())
    schemas, components = _schemas([one.route for one in routes])
    names = Counter(one.route.function.__name__ for one in routes)
    paths: dict[str, dict[str, Any]] = {}
    for tag, route in routes:
        operation = _operation(tag, route, schemas)
        if names[operation["operationId"]] > 1:
            operation["operationId"] = f"{tag.lower().replace(' ', '_')}_{operation['operationId']}"
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    scopes = {
        route.access.scope: f"Applications that {_words(route.access.scope)}"
        for _, route in routes
        if route.access.scope
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Rapport",
            "version": "1.0.0",
            "summary": "One customer on every channel, in your own AWS account.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {"Problem": _json_body(_ref("Problem"), "A problem (RFC 9457).", True)},
            "securitySchemes": _security_schemes(dict(sorted(scopes.items()))),
        },
        "tags": [{"name": tag} for tag in sorted({tag for tag, _ in routes})],
    }


def _words(scope: str) -> str:
    subject, _, verb = scope.rpartition("/")[2].partition(".")
    return f"{verb} {subject}."


def _schemas(routes: Iterable[Route]) -> tuple[dict[Any, dict[str, Any]], dict[str, Any]]:
    wanted: dict[tuple[type[BaseModel], Any], None] = {(Problem, "serialization"): None}
    for route in routes:
        for model in (route.body, route.query):
            if model is not None:
                wanted[model, "validation"] = None
        if _is_model(route.answer):
            wanted[route.answer, "serialization"] = None
    references, definitions = models_json_schema(list(wanted), ref_template=TEMPLATE)
    return dict(references), dict(sorted(definitions["$defs"].items()))


def _operation(tag: str, route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.function.__name__,
        "tags": [tag],
        "summary": (route.function.__doc__ or "").strip().split("\n")[0],
        "security": _security(route.access),
        "parameters": _parameters(route),
        "responses": _responses(route, schemas),
    }
    if route.access.groups:
        operation["x-groups"] = sorted(route.access.groups)
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[route.body, "validation"]}},
        }
    return operation


def _security(access: Access) -> list[dict[str, list[str]]]:
    if access.is_public:
        return []
    security: list[dict[str, list[str]]] = []
    if access.groups:
        security.append({"people": []})
    if access.scope:
        security.append({"applications": [access.scope]})
    return security


def _parameters(route: Route) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.query is not None:
        schema = route.query.model_json_schema()
        required = schema.get("required", [])
        for name, each in schema["properties"].items():
            described = {key: value for key, value in each.items() if key != "description"}
            parameter = {"name": name, "in": "query", "required": name in required}
            if "description" in each:
                parameter["description"] = each["description"]
            parameters.append(parameter | {"schema": described})
    if route.method == "POST" and not route.access.is_public:
        parameters.append(IDEMPOTENCY)
    return parameters


def _responses(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    phrase = HTTPStatus(route.status).phrase
    if route.answer is Json:
        success = _json_body({"type": "object"}, phrase)
    elif _is_model(route.answer):
        success = _json_body(schemas[route.answer, "serialization"], phrase)
    else:
        success = {"description": phrase}
    return {str(route.status): success} | {
        str(status): {"$ref": "#/components/responses/Problem"} for status in _problems(route)
    }


def _problems(route: Route) -> list[int]:
    statuses = {500, 503}
    if route.path.count("{"):
        statuses.add(404)
    if route.query is not None or route.body is not None:
        statuses.add(400)
    if route.body is not None:
        statuses |= {413, 415}
    if not route.access.is_public:
        statuses |= {401, 403}
    if route.method == "POST" and not route.access.is_public:
        statuses |= {400, 409, 413, 422}
    return sorted(statuses)


def _json_body(schema: Any, description: str, is_problem: bool = False) -> dict[str, Any]:
    media_type = "application/problem+json" if is_problem else "application/json"
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": TEMPLATE.format(model=name)}


def _security_schemes(scopes: dict[str, str]) -> dict[str, Any]:
    return {
        "people": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "A token of the user pool. Its groups count: agent, supervisor, admin; "
            "each operation lists them under `x-groups`.",
        },
        "applications": {
            "type": "oauth2",
            "description": "Client credentials of the user pool's domain.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": scopes}},
        },
    }


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def main() -> int:
    """Write, or check and name what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="fail where a file differs")
    is_check = parser.parse_args().check
    text = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    differ = [path for path in (DOCUMENT, SERVED) if not _is_same(path, text)]
    if is_check:
        for path in differ:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale: run python -m tools.openapi\n")
        return 1 if differ else 0
    for path in differ:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return 0


def _is_same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text("utf-8") == text


if __name__ == "__main__":
    raise SystemExit(main())
