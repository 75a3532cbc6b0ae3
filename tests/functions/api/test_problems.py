"""Every shape of error, and what none of them tells."""

import json
from typing import Any

import pytest

from rapport import wiring
from rapport.kernel.errors import Misconfigured, RapportError, Transient
from tests.functions.api.conftest import Stage, application, person

APP = application("customers.write", "customers.read")
SECRET = "ada.lovelace@example.com"


def register(stage: Stage, body: Any, **more: Any) -> Any:
    return stage.call("POST", "/v1/customers", body, claims=APP, **more)


def test_a_problem_says_type_status_and_request(stage: Stage) -> None:
    answer = stage.call("GET", "/v1/customers/cus_x", claims=APP)
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json == {
        "type": "urn:rapport:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "instance": "request-1",
        "detail": "There is no such customer.",
    }


def test_every_answer_forbids_caching_and_sniffing(stage: Stage) -> None:
    for answer in (register(stage, {"source_id": "1"}), stage.call("GET", "/nowhere")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "source_id"),
        ({"source_id": 7}, "source_id"),
        ({"source_id": "x" * 257}, "source_id"),
        ({"source_id": "1", SECRET: SECRET}, "body"),
        ({"source_id": "1", "traits": {SECRET: 1}}, "traits"),
        ({"source_id": "1", "identifiers": [{"namespace": SECRET, "value": "1"}]},
         "identifiers.0.namespace"),
        ({"source_id": "1", "identifiers": [{"namespace": "phone", "value": SECRET}]},
         "identifiers.0.value"),
        ({"source_id": "1", "identifiers": [{"namespace": "email", "value": f"{SECRET},x"}]},
         "identifiers.0.value"),
        ({"source_id": "1", "identifiers": [
            {"namespace": "email", "value": SECRET, "assurance": "channel"}]},
         "identifiers.0.assurance"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_what_was_sent_is_not_quoted(
    stage: Stage, body: Any, field: str
) -> None:
    answer = register(stage, body)
    assert (answer.status, answer.json["type"]) == (400, "urn:rapport:problem:invalid_input")
    assert field in {error["field"] for error in answer.json["errors"]}
    assert all(error["message"] for error in answer.json["errors"])
    assert "lovelace" not in answer.text


@pytest.mark.parametrize(
    "body",
    [b"{", b"[]", b"null", b'"x"', b"\xff", b'{"a":NaN}', b'{"a":1,"a":2}', b"[" * 900],
)
def test_what_is_no_json_object_is_refused(stage: Stage, body: bytes) -> None:
    assert register(stage, body).status == 400


def test_lone_surrogates_become_replacement_characters(stage: Stage) -> None:
    answer = register(stage, b'{"source_id":"1","name":"\\ud800"}')
    assert (answer.status, answer.json["record"]["name"]) == (200, "\ufffd")


def test_a_body_over_the_limit_is_too_large(stage: Stage) -> None:
    assert register(stage, b" " * (256 * 1024 + 1)).status == 413
    assert register(stage, {"x": "y" * 400_000}).status == 413
    with_key = register(stage, b" " * 300_000, headers={"idempotency-key": "1"})
    assert with_key.status == 413


def test_broken_base64_is_refused(stage: Stage) -> None:
    from tests.functions.api.conftest import Context, an_http_event

    event = an_http_event("POST", "/v1/customers", claims=APP)
    event |= {"body": "%%%", "isBase64Encoded": True}
    api = next(api for api in stage.apis if api.tag == "Customers")
    assert api(event, Context())["statusCode"] == 400


def test_a_form_is_no_json(stage: Stage) -> None:
    answer = register(stage, {"source_id": "1"}, headers={"content-type": "text/plain"})
    assert (answer.status, answer.json["type"]) == (
        415,
        "urn:rapport:problem:unsupported_media_type",
    )


def test_another_method_is_told_which_ones_there_are(stage: Stage) -> None:
    answer = stage.call("DELETE", "/v1/customers", claims=APP)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    "query",
    ["", "namespace=phone", "namespace=fax&value=1", "namespace=phone&value=1&value=2",
     "namespace=email&value=nobody", "namespace=phone&value=x&more=1",
     "&".join(f"a{n}=1" for n in range(60))],
)  # fmt: skip
def test_a_wrong_query_is_refused(stage: Stage, query: str) -> None:
    answer = stage.call("GET", f"/v1/customers?{query}", claims=APP)
    assert answer.status == 400
    assert answer.json["errors"]


@pytest.mark.parametrize(
    "address",
    [
        "/v1/customers/",
        "/v1/customers/%00",
        "/v1/customers/é",
        f"/v1/customers/{'x' * 1501}",
        "/v1/customers/a/b",
        "/",
    ],
)
def test_what_names_nothing_is_not_found(stage: Stage, address: str) -> None:
    assert stage.call("GET", address, claims=APP).status == 404


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Transient("The table is busy."), 503, "transient"),
        (Misconfigured("CUSTOMERS_SECRET is not set."), 500, "misconfigured"),
        (RapportError(f"about {SECRET}"), 500, "internal"),
        (KeyError(SECRET), 500, "internal"),
    ],
)
def test_a_failure_of_ours_tells_nothing(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
    kind: str,
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(wiring, "customer_sources", fail)
    answer = stage.call("GET", "/v1/customers/cus_1", claims=APP)
    assert (answer.status, answer.json["type"]) == (status, f"urn:rapport:problem:{kind}")
    assert "lovelace" not in answer.text + (
        capsys.readouterr().out if status == 500 and isinstance(error, KeyError) else ""
    )
    assert ("detail" in answer.json) is (status == 503)
    assert ("retry-after" in answer.headers) is (status == 503)


def test_a_stage_in_the_path_is_not_part_of_the_route(stage: Stage) -> None:
    from tests.functions.api.conftest import Context, an_http_event

    event = an_http_event("GET", "/prod/v1/customers/cus_1", claims=person("agent"))
    event["requestContext"]["stage"] = "prod"
    api = next(api for api in stage.apis if api.tag == "Customers")
    answer = api(event, Context())
    assert json.loads(answer["body"])["detail"] == "There is no such customer."
