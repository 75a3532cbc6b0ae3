"""Services as data."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from rapport.channels.speech import DIGITS
from rapport.otp.settings import WORDINGS, Purpose, Route, Service, Wording, default_service, filled


def a_service(**changes: Any) -> Service:
    plain: dict[str, Any] = {
        "name": "login",
        "routes": [{"channel": "sms", "provider": "twilio"}],
        "purposes": {"sign_in": {}},
    }
    return Service.model_validate(plain | changes)


def test_the_default_service_keeps_its_own_rules() -> None:
    service = default_service()
    assert Service.model_validate(service.model_dump()) == service
    assert (service.length, service.life) == (6, timedelta(minutes=10))


@pytest.mark.parametrize(
    "changes",
    [
        {"length": 5},
        {"length": 11},
        {"life": timedelta(minutes=1)},
        {"life": timedelta(hours=25)},
        {"life": timedelta(minutes=11)},
        {"purposes": {"sign_in": {"life": timedelta(minutes=11)}}},
        {"purposes": {}},
        {"max_sends": 6},
        {"max_checks": 6},
        {"wait": timedelta(seconds=1)},
        {"routes": []},
        {"routes": [{"channel": "sms", "provider": "a"}, {"channel": "sms", "provider": "b"}]},
        {"wordings": {"en": {"text": "no code", "speech": "{code}"}}},
        {"domain": "https://example.com"},
        {"surprise": 1},
    ],
)
def test_what_breaks_the_rules_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        a_service(**changes)


def test_what_only_confirms_an_address_may_live_longer() -> None:
    confirm = {"confirm": {"confirms": "email", "life": timedelta(hours=24)}}
    service = a_service(purposes=confirm)
    assert service.life_for("confirm") == timedelta(hours=24)


def test_email_confirms_an_email_address_and_is_no_factor_for_anything_else() -> None:
    service = default_service()
    channels = {
        name: [route.channel for route in service.routes_for(name)] for name in service.purposes
    }
    assert channels["confirm_email"] == ["email"]
    assert not [name for name, found in channels.items() if "email" in found and len(found) > 1]
    assert "email" not in channels["sign_in"] + channels["identity"] + channels["payment"]
    assert "email" not in channels["confirm_phone"]


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("zh-TW", "您的驗證碼"),
        ("zh-Hant", "您的驗證碼"),
        ("zh-Hans-SG", "您的验证码"),
        ("zh", "您的验证码"),
        ("de-AT", "Ihr Code"),
        ("pt-PT", "Seu código"),
        ("ja-JP", "認証コード"),
        ("xh", "Your code"),
    ],
)
def test_words_are_of_the_locale_its_language_or_english(locale: str, expected: str) -> None:
    assert default_service().wording(locale).subject == expected


def test_what_can_be_said_aloud_has_words_of_the_same_language() -> None:
    assert WORDINGS.keys() == DIGITS.keys()
    for wording in WORDINGS.values():
        assert "{minutes}" in wording.text
        assert wording.speech.count("{code}") == 2


def test_own_words_come_before_ours() -> None:
    own = Wording(text="{code} – oui", speech="{code}")
    assert a_service(wordings={"fr": own}).wording("fr-CA") == own


def test_nothing_but_the_three_placeholders_is_ever_filled() -> None:
    words = "{code} {code.__class__} {minutes} {domain} {0} %s {{code}}"
    made = filled(words, code="123456", minutes=5, domain=None)
    assert made == "123456 {code.__class__} 5  {0} %s {123456}"


def test_a_route_and_a_purpose_have_their_defaults() -> None:
    assert Route(channel="sms", provider="twilio").account == "main"
    assert Purpose().confirms is None
