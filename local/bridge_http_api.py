"""Spell out an HTTP API's OpenAPI body: the emulator ignores it, and would create no routes."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from local.template import Template

ANY_METHOD = "x-amazon-apigateway-any-method"


class RouteOfBody(NamedTuple):
    """One operation of an OpenAPI body, as API Gateway reads it."""

    key: str
    integration: dict[str, Any]
    authorizer: str | None
    scopes: list[str]


def routes_of_body(body: dict[str, Any]) -> Iterator[RouteOfBody]:
    """The routes an OpenAPI body stands for."""
    for path, operations in body.get("paths", {}).items():
        for method, operation in operations.items():
            integration = operation.get("x-amazon-apigateway-integration")
            if integration is None:
                continue
            verb = "ANY" if method == ANY_METHOD else method.upper()
            security = [item for item in operation.get("security", []) if "NONE" not in item]
            authorizer, scopes = next(iter(security[0].items())) if security else (None, [])
            key = "$default" if path in {"/$default", "$default"} else f"{verb} {path}"
            yield RouteOfBody(key, integration, authorizer, list(scopes))


def authorizers_of_body(body: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The authorizers an OpenAPI body declares, by name."""
    schemes = body.get("components", {}).get("securitySchemes", {})
    found = {name: s.get("x-amazon-apigateway-authorizer") for name, s in schemes.items()}
    return {name: authorizer for name, authorizer in found.items() if authorizer}


def expand_http_apis(template: Template) -> None:
    """Replace the body of each HTTP API by resources of its own."""
    resources = template["Resources"]
    for name, resource in list(resources.items()):
        is_api = resource["Type"] == "AWS::ApiGatewayV2::Api"
        if is_api and "Body" in resource.get("Properties", {}):
            resources.update(_expand(name, resource))


def _expand(api: str, resource: dict[str, Any]) -> dict[str, Any]:
    properties = resource["Properties"]
    body = properties.pop("Body")
    for ignored in ("FailOnWarnings", "BodyS3Location", "Basepath"):
        properties.pop(ignored, None)
    properties.setdefault("Name", body.get("info", {}).get("title", api))
    properties["ProtocolType"] = "HTTP"
    if "x-amazon-apigateway-cors" in body:
        # The emulator stores and reads camelCase, which is what the body has.
        properties["CorsConfiguration"] = body["x-amazon-apigateway-cors"]
    elif isinstance(cors := properties.get("CorsConfiguration"), dict):
        properties["CorsConfiguration"] = {k[0].lower() + k[1:]: v for k, v in cors.items()}
    condition = {"Condition": resource["Condition"]} if "Condition" in resource else {}

    made: dict[str, Any] = {}
    authorizers = authorizers_of_body(body)
    for name, authorizer in authorizers.items():
        made[_authorizer_id(api, name)] = _authorizer(api, name, authorizer)
    integrations: dict[str, str] = {}
    for number, route in enumerate(routes_of_body(body)):
        target = json.dumps(route.integration, sort_keys=True)
        if target not in integrations:
            integrations[target] = f"{api}Integration{len(integrations)}"
            made[integrations[target]] = _integration(api, route.integration)
        known = authorizers.get(route.authorizer) if route.authorizer else None
        made[f"{api}Route{number}"] = _route(api, route, integrations[target], known)
    return {name: {**each, **condition} for name, each in made.items()}


def _authorizer_id(api: str, name: str) -> str:
    return f"{api}Authorizer{''.join(character for character in name if character.isalnum())}"


def _authorizer(api: str, name: str, authorizer: dict[str, Any]) -> dict[str, Any]:
    source = authorizer.get("identitySource", [])
    properties: dict[str, Any] = {
        "ApiId": {"Ref": api},
        "Name": name,
        "IdentitySource": source if isinstance(source, list) else [source],
    }
    if authorizer["type"] == "jwt":
        jwt = authorizer["jwtConfiguration"]
        properties |= {
            "AuthorizerType": "JWT",
            "JwtConfiguration": {"Issuer": jwt["issuer"], "Audience": jwt["audience"]},
        }
    else:
        version = authorizer.get("authorizerPayloadFormatVersion", "2.0")
        properties |= {
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": authorizer["authorizerUri"],
            "AuthorizerPayloadFormatVersion": version,
            "EnableSimpleResponses": authorizer.get("enableSimpleResponses", False),
        }
    return {"Type": "AWS::ApiGatewayV2::Authorizer", "Properties": properties}


def _integration(api: str, integration: dict[str, Any]) -> dict[str, Any]:
    properties = {
        "ApiId": {"Ref": api},
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": integration["uri"],
        "PayloadFormatVersion": integration.get("payloadFormatVersion", "2.0"),
    }
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}


def _route(
    api: str, route: RouteOfBody, integration: str, authorizer: dict[str, Any] | None
) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "ApiId": {"Ref": api},
        "RouteKey": route.key,
        "Target": {"Fn::Sub": f"integrations/${{{integration}}}"},
    }
    if authorizer and route.authorizer:
        properties["AuthorizerId"] = {"Ref": _authorizer_id(api, route.authorizer)}
        properties["AuthorizationType"] = "JWT" if authorizer["type"] == "jwt" else "CUSTOM"
        if route.scopes:
            properties["AuthorizationScopes"] = route.scopes
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}
