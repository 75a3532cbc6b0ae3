"""A profile shows one value of several, says why, and loses none."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.graph import Statement
from rapport.identity.mentions import ATTESTED
from rapport.identity.model import Attestation, Record, Source
from rapport.identity.profile import Profile, Trait, profile_of
from rapport.identity.survivorship import ProfileRules, Survivorship

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DEFAULTS = ProfileRules()


def said(number: int = 1, *, days: float = 0, **changes: Any) -> Statement:
    """Statement `number`, by a record of its own, that many days after `NOW`."""
    made = Statement(
        statement_id=f"stm_{number}",
        record_id=f"rec_{number}",
        source=Source("whatsapp", "main", str(number)),
        channel="whatsapp",
        at=NOW + timedelta(days=days),
        heard_at=NOW,
        event_id=f"ing_{number}",
        attestation=Attestation.SELF,
    )
    return replace(made, **changes)


def kept(number: int = 1, *, days: float = 0, **attributes: str) -> Statement:
    """What the business's own system says."""
    return said(
        number,
        days=days,
        channel="crm",
        source=Source("crm", "app", str(number)),
        attributes=attributes,
        attestation=Attestation.IMPORT,
    )


def typed(number: int = 1, *, days: float = 0, **attributes: str) -> Statement:
    """What somebody says of themself."""
    return said(number, days=days, attributes=attributes)


def a_record(number: int = 1, channel: str = "whatsapp", **changes: Any) -> Record:
    made = Record(
        record_id=f"rec_{number}",
        customer_id="cus_1",
        component_id="cmp_1",
        source=Source(channel, "main", str(number)),
        channel=channel,
        created_at=NOW,
    )
    return replace(made, **changes)


def profile(*statements: Statement, rules: ProfileRules = DEFAULTS) -> Profile:
    return profile_of(statements, [], rules)


def fact(found: Profile, key: str) -> Trait:
    trait = found.fact(key)
    assert trait is not None
    return trait


def claim(found: Profile, key: str) -> Trait:
    trait = found.claim(key)
    assert trait is not None
    return trait


@pytest.mark.parametrize(
    ("attestation", "is_fact"),
    [
        (Attestation.NONE, False),
        (Attestation.SELF, False),
        (Attestation.AGENT, False),
        (Attestation.KBA, True),
        (Attestation.IMPORT, True),
    ],
)
def test_what_nobody_vouches_for_is_a_claim(attestation: Attestation, is_fact: bool) -> None:
    found = profile(said(attributes={"full_name": "Ada Lovelace"}, attestation=attestation))
    assert (found.fact("name") is not None) is is_fact
    assert (found.claim("name") is not None) is not is_fact
    assert set(ATTESTED) == set(Attestation)


def test_a_later_claim_never_outdoes_a_fact_and_stands_apart() -> None:
    found = profile(kept(1, full_name="Ada Lovelace"), typed(2, days=9, full_name="Bob Grant"))
    assert fact(found, "name").value == "Ada Lovelace"
    assert claim(found, "name").value == "Bob Grant"
    assert [one.value for one in fact(found, "name").candidates] == ["Ada Lovelace"]


def test_a_claim_of_the_same_value_is_listed_with_the_fact_and_counts_for_nothing() -> None:
    found = profile(
        kept(1, date_of_birth="1990-02-01"), typed(2, days=5, date_of_birth="01/02/1990")
    )
    (candidate,) = fact(found, "date_of_birth").candidates
    assert candidate.value == "1990-02-01"
    assert candidate.at == NOW
    assert [one.record_id for one in candidate.mentions] == ["rec_1", "rec_2"]
    assert found.claim("date_of_birth") is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"full_name": "CHAN TAI MAN"}, {"full_name": "Chan Tai Man"}),
        ({"full_name": "Chan Tai Man"}, {"given_name": "Tai Man", "surname": "Chan"}),
        ({"gender": "F"}, {"gender": "female"}),
        ({"address": "12 Long Road, Leeds"}, {"address": "12 LONG ROAD LEEDS"}),
        ({"date_of_birth": "1990-02-01"}, {"date_of_birth": "1/2/1990"}),
        (
            {"date_of_birth": "1990-02-01"},
            {"birth_year": "1990", "birth_month": "2", "birth_day": "1"},
        ),
    ],
)
def test_two_spellings_of_one_value_are_one_value(one: Any, other: Any) -> None:
    (trait,) = profile(kept(1, **one), kept(2, **other)).facts
    (candidate,) = trait.candidates
    assert len(candidate.mentions) == 2


def test_of_spellings_the_one_written_with_care_is_shown() -> None:
    loud, usual = kept(1, days=3, full_name="CHAN TAI MAN"), kept(2, full_name="Chan Tai Man")
    assert fact(profile(loud, usual), "name").value == "Chan Tai Man"


def test_a_claimed_spelling_is_never_shown_for_a_fact() -> None:
    found = profile(kept(1, full_name="CHAN TAI MAN"), typed(2, full_name="Chan Tai Man"))
    assert fact(found, "name").value == "CHAN TAI MAN"


def test_a_name_in_two_scripts_is_two_traits() -> None:
    found = profile(kept(1, full_name="Chan Tai Man 陳大文"), kept(2, local_name="陳大文"))
    assert fact(found, "name").value == "Chan Tai Man"
    assert fact(found, "local_name").value == "陳大文"
    assert len(fact(found, "local_name").candidates) == 1


def test_siblings_names_are_two_values() -> None:
    found = profile(kept(1, full_name="Chan Ka Ming"), kept(2, full_name="Chan Ka Wai"))
    assert len(fact(found, "name").candidates) == 2


OLD, NEW, LONG = "Old Street 1", "New Street 22", "Long Winding Street 333"


@pytest.mark.parametrize(
    ("rule", "shown", "why"),
    [
        (Survivorship.MOST_TRUSTED, OLD, "Of 3 values the surest: verified."),
        (Survivorship.MOST_RECENT, NEW, "Of 3 values said last: 2026-11-29."),
        (Survivorship.MOST_RECENT_VERIFIED, OLD, "Of 3 values the surest: verified."),
        (Survivorship.MOST_FREQUENT, NEW, "Of 3 values said by the most sources: 2."),
        (Survivorship.LONGEST, LONG, "Of 3 values the longest."),
        (Survivorship.UNION, [OLD, NEW, LONG], "All that was said: 3."),
    ],
)
def test_each_rule_chooses_its_value_and_says_why(
    rule: Survivorship, shown: object, why: str
) -> None:
    asked = Attestation.KBA
    found = profile(
        kept(1, address=OLD),
        said(2, days=8, attributes={"address": NEW}, attestation=asked),
        said(3, days=9, attributes={"address": NEW}, attestation=asked),
        said(4, days=1, attributes={"address": LONG}, attestation=asked),
        rules=ProfileRules(traits={"address": rule}),
    )
    trait = fact(found, "address")
    assert (trait.value, trait.why, trait.rule) == (shown, why, rule)
    assert {one.value for one in trait.candidates} == {OLD, NEW, LONG}


def test_the_latest_of_several_verified_addresses_is_shown() -> None:
    trait = fact(profile(kept(1, address=OLD), kept(2, days=1, address=NEW)), "address")
    assert trait.value == NEW
    assert trait.why == "Of 2 values the latest that is verified: 2026-11-21."


def test_a_name_said_by_more_sources_that_are_as_sure_is_shown() -> None:
    found = profile(
        kept(1, full_name="Ada Byron"), kept(2, full_name="Ada Byron"), kept(3, full_name="Z Other")
    )
    assert fact(found, "name").value == "Ada Byron"
    assert fact(found, "name").why == "Of 2 values said by the most sources that are as sure: 2."


def test_one_source_that_repeats_itself_is_one_source() -> None:
    often = [
        replace(kept(n, full_name="Ada Byron"), record_id="rec_1", statement_id=f"stm_{n}")
        for n in range(1, 5)
    ]
    others = [kept(8, full_name="Zoe Hall"), kept(9, full_name="Zoe Hall")]
    assert fact(profile(*often, *others), "name").value == "Zoe Hall"


def test_an_identifier_is_as_sure_as_it_was_proven_and_a_column_of_a_table_is_a_claim() -> None:
    proven = Identifier("phone", "+14155550100", Assurance.VERIFIED, "otp")
    found = profile(said(1, identifiers=(proven,)), kept(2, email="ada@example.org"))
    assert fact(found, "phone").assurance is Assurance.VERIFIED
    assert claim(found, "email").value == "ada@example.org"


def test_cookies_and_account_ids_are_no_traits() -> None:
    ids = tuple(
        Identifier(namespace, "x1", Assurance.CHANNEL)
        for namespace in ("anonymous_id", "user_id", "bsuid")
    )
    assert profile(said(1, identifiers=ids)).mentions == ()


def test_traits_of_a_record_join_the_profile_under_their_usual_name() -> None:
    record = a_record(traits={"locale": "zh-HK", "loyaltyTier": "gold", "city": "London"})
    found = profile_of([], [record], DEFAULTS)
    assert {one.key: one.value for one in found.claims} == {
        "language": "zh-HK",
        "tier": "gold",
        "city": "London",
    }
    assert found.facts == ()


def test_what_a_statement_said_already_is_not_told_again_by_its_record() -> None:
    phone = Identifier("phone", "+14155550100", Assurance.CHANNEL)
    statement = typed(1, full_name="Ada", city="London")
    statement = replace(statement, identifiers=(phone,))
    record = a_record(
        name="Ada", identifiers=(phone,), traits={"city": "London", "phone": phone.value}
    )
    found = profile_of([statement], [record], DEFAULTS)
    assert len(found.mentions) == len(profile_of([statement], [], DEFAULTS).mentions) == 3


@pytest.mark.parametrize(
    ("statement", "record", "assurance"),
    [
        (kept(1, full_name="Ada"), a_record(channel="crm"), Assurance.VERIFIED),
        (None, a_record(channel="crm"), Assurance.CLAIMED),
        (
            None,
            a_record(
                channel="crm",
                identifiers=(Identifier("phone", "+14155550100", Assurance.VERIFIED),),
            ),
            Assurance.VERIFIED,
        ),
        (typed(1, full_name="Ada"), a_record(), Assurance.CLAIMED),
        (
            None,
            a_record(
                channel="segment",
                source=Source("segment", "default", "user:7"),
                identifiers=(Identifier("user_id", "7", Assurance.CHANNEL),),
            ),
            Assurance.CHANNEL,
        ),
        (
            None,
            a_record(
                channel="segment",
                source=Source("segment", "default", "user:7"),
                identifiers=(Identifier("user_id", "7", Assurance.CLAIMED),),
            ),
            Assurance.CLAIMED,
        ),
    ],
)
def test_traits_are_as_sure_as_who_keeps_the_record(
    statement: Statement | None, record: Record, assurance: Assurance
) -> None:
    record = replace(record, traits={"tier": "gold"})
    found = profile_of([statement] if statement else [], [record], DEFAULTS)
    (tier,) = [one for one in (*found.facts, *found.claims) if one.key == "tier"]
    assert tier.assurance is assurance


def test_preferences_of_all_sources_add_up_one_by_one() -> None:
    def prefers(number: int, preferences: object) -> Record:
        identifiers = (Identifier("phone", "+14155550100", Assurance.VERIFIED),)
        return a_record(number, "crm", identifiers=identifiers, traits={"preferences": preferences})

    records = [
        prefers(1, ["e-mail", "mornings"]),
        prefers(2, ["mornings"]),
        prefers(3, {"size": 42}),
    ]
    found = profile_of([], records, DEFAULTS)
    assert fact(found, "preferences").value == ["mornings", "e-mail"]  # two say the first
    assert fact(found, "preferences.size").value == 42


def test_a_default_may_be_overridden_and_an_unknown_rule_is_refused() -> None:
    assert ProfileRules().rule("address") is Survivorship.MOST_RECENT_VERIFIED
    changed = ProfileRules.model_validate_json('{"traits": {"address": "longest"}}')
    assert changed.rule("address") is Survivorship.LONGEST
    assert changed.rule("anything") is Survivorship.MOST_RECENT
    with pytest.raises(ValueError, match="traits"):
        ProfileRules.model_validate_json('{"traits": {"address": "best"}}')


attestations = st.sampled_from([*Attestation])
names = st.sampled_from(
    ["Chan Tai Man", "CHAN TAI MAN", "Tai Man Chan", "Ada Byron", "陳大文", "Bo", "Chen Dawen"]
)


@st.composite
def statements(draw: st.DrawFn) -> list[Statement]:
    return [
        said(
            number,
            days=draw(st.integers(0, 3)),
            record_id=f"rec_{draw(st.integers(1, 3))}",
            attributes={"full_name": draw(names), "city": draw(st.sampled_from(["A", "a", "B"]))},
            attestation=draw(attestations),
        )
        for number in range(draw(st.integers(1, 7)))
    ]


@settings(max_examples=60, deadline=None)
@given(statements(), st.sampled_from([*Survivorship]), st.randoms(use_true_random=False))
def test_a_profile_depends_on_what_was_said_and_on_no_order(
    stated: list[Statement], rule: Survivorship, random: Any
) -> None:
    rules = ProfileRules(traits={"name": rule, "city": rule})
    shuffled = list(stated)
    random.shuffle(shuffled)
    one, other = profile(*stated, rules=rules), profile(*shuffled, rules=rules)
    assert (one.facts, one.claims) == (other.facts, other.claims)


@settings(max_examples=60, deadline=None)
@given(statements(), st.sampled_from([*Survivorship]))
def test_no_word_is_lost_and_no_claim_is_shown_as_a_fact(
    stated: list[Statement], rule: Survivorship
) -> None:
    found = profile(*stated, rules=ProfileRules(traits={"name": rule, "city": rule}))
    listed = [
        mention
        for trait in (*found.facts, *found.claims)
        for candidate in trait.candidates
        for mention in candidate.mentions
    ]
    assert sorted(map(repr, listed)) == sorted(map(repr, found.mentions))
    for trait in found.facts:
        values = trait.value if isinstance(trait.value, list) else [trait.value]
        vouched = {str(m.value) for m in found.mentions if m.assurance is not Assurance.CLAIMED}
        assert {str(value) for value in values} <= vouched


@pytest.mark.parametrize(
    ("assurance", "is_fact"), [(Assurance.VERIFIED, True), (Assurance.CLAIMED, False)]
)
def test_who_may_vouch_for_an_identifier_vouches_for_what_they_enter_with_it(
    assurance: Assurance, is_fact: bool
) -> None:
    held = (Identifier("phone", "+14155550100", assurance),)
    keyed = replace(kept(1, full_name="Ada Byron"), attestation=Attestation.AGENT, identifiers=held)
    assert (profile(keyed).fact("name") is not None) is is_fact
