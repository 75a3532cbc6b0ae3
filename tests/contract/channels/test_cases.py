"""The recorded webhooks of `events/webhooks`, through the adapters as `local.replay` runs them.

A case is one file: `request` (as a provider made it, with the clock at its arrival), `secrets` (the
account's document; `certs` are what certificate addresses answer), `expected`, `source`. The nine
core fields must be exactly as expected, and so must every further field that a case names; of
`extra` the named members. `signing` tells `sign.py` how the signature was made.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from local.replay import impl

ROOT = Path(__file__).parents[3] / "events" / "webhooks"
CASES = sorted(ROOT.glob("*/*.json"))
CORE = {
    "kind",
    "channel",
    "provider_message_id",
    "from",
    "to",
    "text",
    "attachments",
    "timestamp",
    "status",
}
AT_LEAST = {
    "whatsapp": 12,
    "messenger": 12,
    "telegram": 12,
    "line": 12,
    "twilio": 12,
    "ses": 8,
    "aws_messaging": 12,
    "segment": 8,
    "webchat": 8,
}


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_recorded_webhook_means_what_its_case_says(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    expected = case["expected"]
    result = impl(path.parent.name, case["request"], case["secrets"])
    assert (result["valid"], result["reason"]) == (expected["valid"], expected["reason"])
    assert len(result["events"]) == len(expected["events"])
    for got, wanted in zip(result["events"], expected["events"], strict=True):
        assert set(wanted) >= CORE
        assert {name: _seen(got, name, wanted) for name in wanted} == wanted
    for name, value in expected.get("response", {}).items():
        assert result["response"][name] == value
    assert result["response"]["visit"] == expected.get("visit")


def test_every_channel_has_its_cases() -> None:
    counted = {name: len(list((ROOT / name).glob("*.json"))) for name in AT_LEAST}
    assert all(counted[name] >= AT_LEAST[name] for name in AT_LEAST), counted


def test_every_case_says_where_its_shape_comes_from() -> None:
    assert all(json.loads(path.read_text("utf-8"))["source"] for path in CASES)


def _seen(event: dict[str, Any], name: str, wanted: dict[str, Any]) -> Any:
    """A field as cases write it: attachments counted, times with milliseconds, extra in part."""
    value = event[name]
    if name == "attachments":
        return len(value)
    if name == "timestamp" and value is not None:
        return value.replace("Z", ".000Z") if "." not in value else value[:23] + "Z"
    if name == "extra":
        return {key: value[key] for key in wanted["extra"] if key in value}
    return value
