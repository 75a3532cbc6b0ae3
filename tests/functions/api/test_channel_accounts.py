"""Channel accounts: secrets go in and never come out; in memory and on Secrets Manager."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from rapport.aws.account_documents import SecretsManagerDocuments
from rapport.ingest.memory import InMemoryAccountDocuments
from tests.functions.api.conftest import Stage, person

ADMIN = person("admin")
ONE = "/v1/channel-accounts/whatsapp/main"
DOCUMENT = {"phone_number_id": "204811", "access_token": "EAAG-hidden", "app_secret": "s1-hidden"}


@pytest.fixture(params=["memory", "secrets_manager"])
def documents(
    request: pytest.FixtureRequest, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    if request.param == "memory":
        yield stage.documents
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        client.create_secret(Name="rapport/test/pseudonym", SecretString="x")
        stage.documents = SecretsManagerDocuments(client, "test")  # type: ignore[assignment]
        yield stage.documents


def call(stage: Stage, method: str, address: str = ONE, body: Any = None) -> Any:
    return stage.call(method, address, body, claims=ADMIN)


def put(stage: Stage, **document: Any) -> Any:
    return call(stage, "PUT", body={"document": document or DOCUMENT})


def test_settings_are_shown_and_secrets_are_not(stage: Stage, documents: Any) -> None:
    assert put(stage).status == 200
    shown = call(stage, "GET")
    assert shown.json["document"] == {
        "phone_number_id": "204811",
        "access_token": "***",
        "app_secret": "***",
    }
    assert documents.read("whatsapp", "main") == DOCUMENT
    for answer in (put(stage), shown, call(stage, "GET", "/v1/channel-accounts")):
        assert "hidden" not in answer.text


def test_what_a_read_showed_can_be_written_back(stage: Stage, documents: Any) -> None:
    put(stage)
    shown = call(stage, "GET").json["document"]
    assert put(stage, **(shown | {"phone_number_id": "5"})).status == 200
    assert documents.read("whatsapp", "main") == DOCUMENT | {"phone_number_id": "5"}


def test_a_mask_with_nothing_behind_it_is_refused(stage: Stage, documents: Any) -> None:
    answer = put(stage, access_token="***")
    assert (answer.status, answer.json["errors"][0]["field"]) == (400, "document.access_token")


def test_a_rotation_keeps_the_value_before_and_only_that(stage: Stage, documents: Any) -> None:
    put(stage)
    for value in ("s2", "s2", "s3"):
        answer = call(stage, "POST", f"{ONE}/rotate", {"key": "app_secret", "value": value})
        assert answer.json["document"]["app_secret"] == ["***", "***"]
    assert documents.read("whatsapp", "main")["app_secret"] == ["s3", "s2"]
    unknown = call(stage, "POST", f"{ONE}/rotate", {"key": "other", "value": "x"})
    assert unknown.status == 400


def test_a_removed_account_is_gone_and_can_be_registered_again(
    stage: Stage, documents: Any
) -> None:
    put(stage)
    assert call(stage, "DELETE").status == 204
    assert call(stage, "DELETE").status == 204
    assert call(stage, "GET").status == 404
    assert call(stage, "POST", f"{ONE}/rotate", {"key": "app_secret", "value": "x"}).status == 404
    assert put(stage, phone_number_id="6").status == 200
    assert documents.read("whatsapp", "main") == {"phone_number_id": "6"}


def test_accounts_are_listed_in_pages_and_other_secrets_are_not(
    stage: Stage, documents: Any
) -> None:
    for name in ("a", "b", "c"):
        address = f"/v1/channel-accounts/whatsapp/{name}"
        call(stage, "PUT", address, {"document": DOCUMENT})
    seen: list[str] = []
    cursor = ""
    while True:
        page = call(stage, "GET", f"/v1/channel-accounts?limit=2{cursor}").json
        seen += [item["account"] for item in page["items"]]
        if "cursor" not in page:
            break
        cursor = f"&cursor={page['cursor']}"
    assert sorted(seen) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["nochannel/main", "whatsapp/A", "whatsapp/..", "whatsapp/a%2Fb"])
def test_a_name_that_is_none_is_not_found(stage: Stage, name: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        body = {"document": DOCUMENT}
        assert call(stage, method, f"/v1/channel-accounts/{name}", body).status == 404


@pytest.mark.parametrize(
    "document", [{}, {"Key": "x"}, {"access_token": ""}, {"access_token": None}, {"a": [["x"]]}]
)
def test_a_document_of_strange_shape_is_refused(stage: Stage, document: Any) -> None:
    assert call(stage, "PUT", body={"document": document}).status == 400


def test_the_twin_starts_empty() -> None:
    assert InMemoryAccountDocuments().names(None, 10).items == []
