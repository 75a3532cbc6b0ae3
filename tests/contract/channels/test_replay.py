"""`python -m local.replay`: a line a case, in one process, whatever the cases are."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.replay import main, to_request
from tests.contract.channels.test_cases import ROOT

CASE = ROOT / "line" / "media_is_kept_by_line_or_by_a_provider.json"


def folder(base: Path, provider: str, case: Path = CASE) -> str:
    recorded = json.loads(case.read_text("utf-8"))
    path = base / provider / case.stem
    path.mkdir(parents=True)
    for name in ("request", "secrets"):
        (path / f"{name}.json").write_text(json.dumps(recorded[name]), "utf-8")
    return str(path)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_case_is_one_line_with_its_path_as_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subscription = ROOT / "ses" / "subscription_is_confirmed.json"
    cases = [folder(tmp_path, "line") + "/", folder(tmp_path, "ses", subscription)]
    assert main(cases) == 0
    first, second = lines(capsys)
    assert [first["case"], second["case"]] == cases
    assert first["valid"] is True
    assert [event["from"] for event in first["events"]] == ["Uaa1"] * 4
    assert second["response"]["visit"].startswith("https://sns.eu-west-1.amazonaws.com/")


def test_a_provider_we_do_not_serve_is_invalid_and_was_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([folder(tmp_path, "pigeon")]) == 0
    (line,) = lines(capsys)
    assert (line["valid"], line["reason"], line["events"]) == (False, "unknown_provider", [])


@pytest.mark.parametrize("text", [None, "", "{", "[]", "7", "{}", '{"method":"POST"}'])
def test_a_case_that_cannot_be_read_has_its_line_and_fails_the_run(
    text: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = folder(tmp_path, "line"), folder(tmp_path, "whatsapp")
    request = Path(bad) / "request.json"
    request.unlink()
    if text is not None:
        request.write_text(text, "utf-8")
    assert main([bad, good]) == 1
    first, second = lines(capsys)
    assert first["valid"] is False
    assert first["reason"].startswith("unreadable")
    assert second["valid"] is True


def test_headers_may_be_recorded_in_pairs_and_bodies_in_base64() -> None:
    recorded = {
        "method": "POST",
        "url": "https://x/",
        "headers": [["A", "1"], ["A", "2"]],
        "body_base64": "/wA=",
        "received_at": "2026-11-20T12:00:00Z",
    }
    request = to_request(recorded)
    assert request.headers == (("A", "1"), ("A", "2"))
    assert request.body == b"\xff\x00"
