"""The scan finds what it is for: every spelling, planted in every kind of place."""

import base64
import hashlib
import json
from urllib.parse import quote, quote_plus

import pytest

from tests.privacy.people import PEOPLE, XANTHIPPE
from tests.privacy.scan import Told, code_leaks, leaks

PHONE, EMAIL, NAME, BODY = XANTHIPPE.phone, XANTHIPPE.email, XANTHIPPE.name, XANTHIPPE.says(1)

SPELLINGS = {
    "E.164": PHONE,
    "digits": PHONE[1:],
    "national": "(415) 557-3914",
    "dashes": "1-415-557-3914",
    "spaces": "+1 415 557 3914",
    "dots": "415.557.3914",
    "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in PHONE[1:]),
    "percent": quote(PHONE, safe=""),
    "percent twice": quote(quote(PHONE, safe=""), safe=""),
    "hexadecimal": PHONE.encode().hex(),
    "base64": base64.b64encode(PHONE.encode()).decode(),
    "base64 in the middle": base64.b64encode(f"xy{PHONE}z".encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(f"whatsapp#main#{PHONE}".encode()).decode(),
    "a WhatsApp id": f"wamid.{base64.b64encode(b'0' + PHONE[1:].encode() + b'abc').decode()}",
    "sha256": hashlib.sha256(PHONE.encode()).hexdigest(),
    "md5 of digits": hashlib.md5(PHONE[1:].encode()).hexdigest().upper(),
    "e-mail": EMAIL,
    "e-mail, upper case": EMAIL.upper(),
    "e-mail, percent": quote_plus(EMAIL),
    "e-mail, base64": base64.b64encode(EMAIL.encode()).decode(),
    "local part": f"{EMAIL.partition('@')[0]}@elsewhere.example",
    "name": NAME,
    "first name": NAME.partition(" ")[0].lower(),
    "last name": NAME.rpartition(" ")[2].upper(),
    "name, percent": quote(NAME),
    "body": BODY,
    "body, JSON": json.dumps(BODY),
    "body, JSON in JSON": json.dumps(json.dumps({"text": BODY})),
    "body's other words, repr": ascii("Łódź-müßiggang"),
    "body, HTML": "&#321;&#243;d&#378;-m&uuml;&szlig;iggang",
    "provider's id": XANTHIPPE.addresses[0],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_is_found(spelling: str) -> None:
    line = json.dumps({"level": "INFO", "message": "sender_matched"})[:-1]

    assert leaks([Told("log", f'{line}, "key": "{SPELLINGS[spelling]}"}}')])


def test_harmless_lines_are_not_found() -> None:
    told = (
        "sender_matched record_id=rec_01kjpm8000000000000000000c customer_id=cus_01kjpm80000",
        hashlib.sha256(b"a keyed digest").hexdigest(),
        "2026-11-23T04:56:28.154Z 99a3c2f4-2e4a-4a14-92c7-4319b15676e9 shop@shop.example",
        "+15550009999 is our own number",
    )

    assert leaks([Told("log", line) for line in told]) == []


def test_the_people_cannot_be_found_in_each_other() -> None:
    first, second = PEOPLE

    found = leaks([Told("log", f"{first.says(0)} {first.says(1)}")], [second])

    assert found == []


CODE = "0471190582"
SPOKEN = ("zero", "four", "seven", "one", "one", "nine", "zero", "five", "eight", "two")
CODE_SPELLINGS = {
    "plain": CODE,
    "in groups": "04711 90582",
    "by hyphens": "04-71-19-05-82",
    "one by one": ", ".join(CODE),
    "full width": "".join(chr(ord(digit) + 0xFEE0) for digit in CODE),
    "in Arabic": "".join(chr(0x660 + int(digit)) for digit in CODE),
    "in a sentence": f"驗證碼是{CODE}，謝謝",
    "for autofill": f"@bank.example #{CODE}",
    "percent": quote(f"Body={CODE} is your code"),
    "base64": base64.b64encode(f"it is {CODE}".encode()).decode(),
    "JSON in JSON": json.dumps(json.dumps({"text": f"\n{CODE}"})),
    "TwiML": "".join(f'<Say voice="Polly">{word}</Say><Pause length="1"/>' for word in SPOKEN),
    "TwiML, percent": quote("".join(f"<Say>{word}</Say><Pause/>" for word in SPOKEN)),
    "SSML": "".join(f'<prosody rate="slow">{word}</prosody><break/>' for word in SPOKEN),
    "spelled out": " ".join(SPOKEN).upper(),
    "in German": "null vier sieben eins eins neun null fünf acht zwo",
    "in Chinese": "零四七一一九零五八二",
    "in Japanese": "ゼロ、よん、なな、いち、いち、きゅう、ゼロ、ご、はち、に",
}


@pytest.mark.parametrize("spelling", CODE_SPELLINGS)
def test_every_spelling_of_a_code_is_found(spelling: str) -> None:
    line = f'{{"message": "code_checked", "key": "{CODE_SPELLINGS[spelling]}"}}'

    assert code_leaks([Told("log", line)], ["9999999999", CODE])


@pytest.mark.parametrize(
    "harmless",
    [
        "code_checked verification_id=ver_01kjqrj91j000000000000005jwbtbtjwgekkqnd26",
        f"1{CODE}",
        f"{CODE}3",
        CODE[:-1],
        "it's ••••••••••",
        "2026-11-23T11:08:55.890+0000 0471190581",
        "zero four seven one one nine zero five eight three",
    ],
)
def test_what_is_no_code_is_not_found(harmless: str) -> None:
    assert code_leaks([Told("log", harmless)], [CODE]) == []
