"""What may be seen of a person, and said to them, follows what the sender has proven."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from rapport.contracts.caller import Caller, Group
from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.disclosure import (
    OTHERWISE,
    TABLE,
    Basis,
    Grant,
    Sight,
    Talk,
    disclosed,
    grant,
    hint,
    may_say,
    rule_of,
    same_sender,
    seen,
    sender_level,
    sight,
    withheld,
)
from rapport.identity.graph import Statement
from rapport.identity.model import Attestation, Record, Source
from rapport.identity.profile import profile_of
from rapport.identity.survivorship import ProfileRules
from rapport.kernel.errors import Forbidden, InvalidInput
from tools.assurance import DOCUMENT, TABLES

CLAIMED, CHANNEL, VERIFIED = Assurance.CLAIMED, Assurance.CHANNEL, Assurance.VERIFIED
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
AGENT = Caller("agent-1", frozenset({Group.AGENT}))
SUPERVISOR = Caller("boss", frozenset({Group.SUPERVISOR}))
READ = "rapport/customers.read"
WRITE, SPEAK = "rapport/customers.write", "rapport/conversations.write"


def app(*scopes: str) -> Caller:
    return Caller("app", scopes=frozenset({READ, *scopes}), is_application=True)


def talk(level: Assurance, **changes: Any) -> Talk:
    made = Talk("rec_1", level, frozenset({"rec_1"}), is_live=True, is_callers=True)
    return replace(made, **changes)


def granted(caller: Caller, to: Talk | None, reason: str | None = None) -> Grant:
    return grant(caller, to, reason=reason, may_open=True)


def a_record(number: int = 1, channel: str = "whatsapp", *held: Identifier) -> Record:
    return Record(
        record_id=f"rec_{number}",
        customer_id="cus_1",
        component_id="cmp_1",
        source=Source(channel, "main", str(number)),
        channel=channel,
        created_at=NOW,
        identifiers=held,
    )


PHONE = Identifier("phone", "+14155550100", CHANNEL)
BROWSER = Identifier("anonymous_id", "anon-1", CHANNEL)


# What a sender has proven


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (a_record(1, "whatsapp", PHONE), CHANNEL),
        (a_record(1, "line"), CHANNEL),
        (a_record(1, "messenger"), CHANNEL),
        (a_record(1, "sms"), CLAIMED),
        (a_record(1, "sms", PHONE), CHANNEL),
        (a_record(1, "voice", replace(PHONE, assurance=CLAIMED)), CLAIMED),
        (a_record(1, "email", Identifier("email", "a@b.example", CLAIMED)), CLAIMED),
        (a_record(1, "email", Identifier("email", "a@b.example", CHANNEL)), CHANNEL),
        (a_record(1, "webchat", BROWSER), CLAIMED),
        (a_record(1, "webchat", BROWSER, replace(PHONE, assurance=VERIFIED)), VERIFIED),
        (a_record(1, "webchat", BROWSER, replace(PHONE, assurance=CLAIMED)), CLAIMED),
        (a_record(1, "crm", replace(PHONE, assurance=VERIFIED)), CLAIMED),
    ],
)
def test_a_sender_has_proven_what_vouches_for_the_person(record: Record, level: Assurance) -> None:
    assert sender_level(record, is_shared=False) is level


def test_of_a_shared_sender_nobody_is_known() -> None:
    record = a_record(1, "whatsapp", replace(PHONE, assurance=VERIFIED))
    assert sender_level(record, is_shared=True) is CLAIMED


def test_the_pages_of_ones_browser_are_ones_own_and_the_account_used_in_it_is_not() -> None:
    chat = a_record(1, "webchat", BROWSER)
    pages = a_record(2, "segment", BROWSER, Identifier("user_id", "7", CLAIMED))
    account = a_record(3, "segment", BROWSER, Identifier("user_id", "7", CHANNEL))
    mobile, nothing = a_record(4, "whatsapp", PHONE), a_record(5, "line")
    others = [chat, pages, account, mobile, nothing]
    assert same_sender(chat, others, is_shared=False) == {"rec_1", "rec_2"}


def test_what_the_business_keeps_is_nobodys_own_word() -> None:
    kept = a_record(2, "crm", PHONE)
    sender = a_record(1, "whatsapp", PHONE)
    assert same_sender(sender, [sender, kept], is_shared=False) == {"rec_1"}
    assert same_sender(kept, [sender, kept], is_shared=False) == frozenset()


def test_of_a_shared_sender_no_other_record_is_ones_own() -> None:
    one, other = a_record(1, "whatsapp", PHONE), a_record(2, "sms", PHONE)
    assert same_sender(one, [one, other], is_shared=True) == {"rec_1"}


# Who sees how far


@pytest.mark.parametrize("caller", [AGENT, SUPERVISOR, app(), app(WRITE), app(SPEAK)])
@pytest.mark.parametrize("level", [*Assurance])
def test_who_names_a_sender_sees_what_that_sender_has_proven(
    caller: Caller, level: Assurance
) -> None:
    allowed = granted(caller, talk(level))
    assert (allowed.level, allowed.sender, allowed.basis) == (level, level, Basis.SENDER)


@pytest.mark.parametrize("to", [{"is_live": False}, {"is_callers": False}])
def test_staff_who_do_not_talk_to_a_verified_sender_see_as_in_a_look_up(to: Any) -> None:
    assert granted(AGENT, talk(VERIFIED, **to)).level is CHANNEL


def test_where_nobody_writes_a_sender_named_has_no_word_of_their_own() -> None:
    assert granted(AGENT, talk(CLAIMED, is_live=False)).own == frozenset()
    bot = granted(app(SPEAK), talk(VERIFIED, is_live=False))
    assert (bot.level, bot.own) == (CLAIMED, frozenset())


@pytest.mark.parametrize(
    ("caller", "level", "basis"),
    [
        (AGENT, CHANNEL, Basis.LOOKUP),
        (SUPERVISOR, CHANNEL, Basis.LOOKUP),
        (app(WRITE), VERIFIED, Basis.SYSTEM),
        (app(), CLAIMED, Basis.NONE),
        (app(SPEAK), CLAIMED, Basis.NONE),
        (app(WRITE, SPEAK), CLAIMED, Basis.NONE),
    ],
)
def test_without_a_sender_the_callers_part_decides(
    caller: Caller, level: Assurance, basis: Basis
) -> None:
    allowed = granted(caller, None)
    assert (allowed.level, allowed.basis) == (level, basis)
    assert not may_say("name", ["rec_1"], allowed)


def test_a_reason_opens_everything_to_see_and_nothing_to_say() -> None:
    allowed = granted(AGENT, talk(CLAIMED), "fraud")
    assert (allowed.level, allowed.basis) == (VERIFIED, Basis.REASON)
    assert sight("date_of_birth", "rec_9", allowed) is Sight.FULL
    assert not may_say("name", ["rec_9"], allowed)


def test_a_reason_opens_no_colleagues_customer_and_an_application_has_none() -> None:
    with pytest.raises(Forbidden):
        grant(AGENT, None, reason="fraud", may_open=False)
    with pytest.raises(InvalidInput):
        granted(app(WRITE), None, "fraud")


# The table


FIELDS = [*TABLE, "balance"]


@pytest.mark.parametrize(("field", "level"), [*itertools.product(FIELDS, Assurance)])
def test_staff_see_and_say_as_the_table_has_it(field: str, level: Assurance) -> None:
    rule, allowed = rule_of(field), granted(AGENT, talk(level))
    is_seen = sight(field, "rec_9", allowed) is Sight.FULL
    assert is_seen is (level.rank >= rule.see.rank)
    is_said = rule.say is not None and level.rank >= rule.say.rank
    assert may_say(field, ["rec_9"], allowed) is is_said


@pytest.mark.parametrize(("field", "level"), [*itertools.product(FIELDS, Assurance)])
def test_a_bot_sees_what_it_may_say_and_nothing_else(field: str, level: Assurance) -> None:
    allowed = granted(app(SPEAK), talk(level))
    found = sight(field, "rec_9", allowed)
    assert found is (Sight.FULL if may_say(field, ["rec_9"], allowed) else Sight.NONE)


@pytest.mark.parametrize("field", FIELDS)
def test_at_claimed_nothing_of_anyone_is_seen_but_the_senders_own_words(field: str) -> None:
    allowed = granted(AGENT, talk(CLAIMED))
    assert sight(field, "rec_9", allowed) is Sight.NONE
    assert sight(field, "rec_1", allowed) is Sight.FULL
    assert sight(field, "rec_1", allowed, is_own_word=False) is Sight.NONE
    assert may_say(field, ["rec_1"], allowed)


def test_what_is_not_in_the_table_is_account_data() -> None:
    assert rule_of("balance") is OTHERWISE
    assert OTHERWISE.see is OTHERWISE.say is VERIFIED
    assert rule_of("preferences.size") is TABLE["preferences"]


def test_nothing_may_be_said_before_it_may_be_seen() -> None:
    for rule in (*TABLE.values(), OTHERWISE):
        assert rule.say is None or rule.say.rank >= rule.see.rank
        assert rule.hint is None or rule.hint.rank < rule.see.rank
        assert rule.see is not CLAIMED


def test_to_repeat_what_others_say_as_well_would_confirm_a_guess() -> None:
    allowed = granted(AGENT, talk(CLAIMED), "fraud")
    assert may_say("date_of_birth", ["rec_1"], allowed)
    assert not may_say("date_of_birth", ["rec_1", "rec_9"], allowed)


# What is cut


def statement(number: int, channel: str, attestation: Attestation, **said: str) -> Statement:
    return Statement(
        statement_id=f"stm_{number}",
        record_id=f"rec_{number}",
        source=Source(channel, "main", str(number)),
        channel=channel,
        at=NOW,
        heard_at=NOW,
        event_id="ing_1",
        identifiers=(PHONE, BROWSER),
        attributes=said,
        attestation=attestation,
    )


KEPT = statement(
    9, "crm", Attestation.IMPORT, full_name="Ada Byron", date_of_birth="1990-02-01", balance="7"
)
TYPED = statement(
    1, "whatsapp", Attestation.SELF, full_name="Zoe", birth_year="1990", given_name="Z"
)


@pytest.mark.parametrize(
    ("level", "facts", "hidden"),
    [
        (CLAIMED, {"phone"}, []),
        (CHANNEL, {"name", "phone"}, ["balance", "date_of_birth", "phone"]),
        (VERIFIED, {"name", "phone", "date_of_birth", "balance"}, []),
    ],
)
def test_a_profile_is_decided_anew_from_what_may_be_seen(
    level: Assurance, facts: set[str], hidden: list[str]
) -> None:
    whole = profile_of([KEPT, TYPED], [], ProfileRules())
    allowed = granted(AGENT, talk(level))
    found = disclosed(whole, allowed)
    assert {one.key for one in found.facts} == facts
    assert withheld(whole, allowed) == hidden


def test_a_right_guess_looks_like_a_wrong_one() -> None:
    allowed = granted(AGENT, talk(CHANNEL))
    right = replace(TYPED, attributes={"date_of_birth": "1990-02-01"})
    wrong = replace(TYPED, attributes={"date_of_birth": "1990-02-02"})
    told = []
    for guess in (right, wrong):
        whole = profile_of([KEPT, guess], [], ProfileRules())
        found = disclosed(whole, allowed)
        claim = found.claim("date_of_birth")
        assert claim is not None
        assert found.fact("date_of_birth") is None
        counts = len(claim.candidates), len(claim.candidates[0].mentions)
        told.append((claim.why, *counts, withheld(whole, allowed)))
    assert told[0] == told[1]
    assert "date_of_birth" in told[0][-1]


def test_a_statement_is_cut_by_the_same_table() -> None:
    allowed = granted(AGENT, talk(CHANNEL))
    cut = seen(KEPT, allowed)
    assert cut.attributes == {"full_name": "Ada Byron"}
    assert [one.value for one in cut.identifiers] == ["•••0100"]
    assert seen(TYPED, allowed) == TYPED
    bot = granted(app(SPEAK), None)
    assert (seen(TYPED, bot).attributes, seen(TYPED, bot).identifiers) == ({}, ())


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("+14155550100", "•••0100"),
        ("ada@example.com", "a•••@example.com"),
        ("1234", "•••"),
        ("1234567", "•••"),
        ("@example", "•••mple"),
    ],
)
def test_a_hint_is_enough_to_compare_and_not_to_use(value: str, shown: str) -> None:
    assert hint(value) == shown


def test_the_document_shows_the_tables_that_are_enforced() -> None:
    text = DOCUMENT.read_text("utf-8")
    for name, table in TABLES.items():
        assert f"<!-- {name} -->\n{table()}<!-- /{name} -->" in text, (
            "run python -m tools.assurance"
        )


@pytest.mark.parametrize("attestation", [one for one in Attestation if one.is_staff])
def test_what_staff_wrote_down_on_a_senders_record_is_not_their_own_word(
    attestation: Attestation,
) -> None:
    keyed = replace(statement(1, "voice", attestation, address="Long Road 1"), identifiers=())
    kept = replace(statement(1, "crm", Attestation.NONE, address="Long Road 1"), identifiers=())
    allowed = granted(AGENT, talk(CLAIMED))
    for one in (keyed, kept):
        assert disclosed(profile_of([one], [], ProfileRules()), allowed).mentions == ()
        assert seen(one, allowed).attributes == {}
