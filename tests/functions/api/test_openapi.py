"""The description is valid, complete, and what the code says."""

import json

from openapi_spec_validator import validate

from tests.functions.api.conftest import Stage
from tools.openapi import DOCUMENT, SERVED, apis, document


def test_the_description_is_valid() -> None:
    validate(document())


def test_it_names_every_route_with_its_rule() -> None:
    paths = document()["paths"]
    for api in apis():
        for route in api.routes:
            operation = paths[route.path][route.method.lower()]
            assert operation["summary"]
            schemes = {name for each in operation["security"] for name in each}
            assert ("people" in schemes) is bool(route.access.groups)
            assert ("applications" in schemes) is bool(route.access.scope)


def test_the_files_are_what_the_code_says() -> None:
    text = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    assert DOCUMENT.read_text() == SERVED.read_text() == text


def test_anyone_may_read_it(stage: Stage) -> None:
    answer = stage.call("GET", "/v1/openapi.json")
    assert (answer.status, answer.json["openapi"]) == (200, "3.1.0")
    assert answer.headers["content-type"] == "application/json"
