"""A profile, identifiers and records as the API shows them, cut to what the caller may see."""

from collections.abc import Iterable, Sequence

from rapport.contracts.api.customers import (
    CandidateView,
    ClaimsView,
    DisclosureView,
    IdentifierView,
    MentionView,
    RecordView,
    TraitView,
)
from rapport.contracts.identity import Assurance, Identifier
from rapport.identity.disclosure import (
    Grant,
    Sight,
    field_of_identifier,
    hint,
    may_say,
    sight,
    withheld,
)
from rapport.identity.mentions import SYSTEMS_OF_RECORD
from rapport.identity.model import Record
from rapport.identity.profile import Candidate, Profile, Trait

Pair = tuple[str, str]


def name_of(traits: Iterable[Trait]) -> str | None:
    """The name among these traits, else the name in the local script."""
    by_key = {one.key: one for one in traits}
    found = by_key.get("name") or by_key.get("local_name")
    return str(found.value) if found else None


def trait_view(trait: Trait, allowed: Grant) -> TraitView:
    """A trait with every value that may be seen."""
    surest = trait.surest
    shown = trait.candidates if isinstance(trait.value, list) else trait.candidates[:1]
    told_by = [one.record_id for candidate in shown for one in candidate.mentions]
    return TraitView(
        key=trait.key,
        value=trait.value,
        assurance=trait.assurance,
        channel=surest.channel,
        record_id=surest.record_id,
        at=trait.candidates[0].at,
        rule=trait.rule.value,
        why=trait.why,
        may_say=may_say(trait.key, told_by, allowed),
        candidates=[_candidate(one) for one in trait.candidates],
    )


def _candidate(candidate: Candidate) -> CandidateView:
    return CandidateView(
        value=candidate.value,
        assurance=candidate.assurance,
        at=candidate.at,
        mentions=[
            MentionView(
                value=one.value,
                assurance=one.assurance,
                attestation=one.attestation.value,
                channel=one.channel,
                record_id=one.record_id,
                at=one.at,
            )
            for one in candidate.mentions
        ],
    )


def claims_view(profile: Profile, records: Iterable[Record], allowed: Grant) -> ClaimsView:
    """What nobody vouches for, kept apart from the facts."""
    facts = {one.pair for record in records for one in record.identifiers if not _is_claim(one)}
    return ClaimsView(
        name=name_of(profile.claims),
        traits=[trait_view(one, allowed) for one in profile.claims],
        identifiers=[
            one
            for one in identifier_views(records, allowed, claims=True)
            if (one.namespace, one.value) not in facts
        ],
    )


def identifier_views(
    records: Iterable[Record], allowed: Grant, *, claims: bool = False, known: Pair | None = None
) -> list[IdentifierView]:
    """The identifiers of these records, each once at its highest assurance: facts, or claims.

    `known` is the one that the caller asked with.
    """
    best: dict[Pair, IdentifierView] = {}
    for record in records:
        for one in record.identifiers:
            view = _identifier(one, record, allowed, known)
            if view is None or _is_claim(one) is not claims:
                continue
            best[one.pair] = _surer(best[one.pair], view) if one.pair in best else view
    return list(best.values())


def _surer(one: IdentifierView, other: IdentifierView) -> IdentifierView:
    """Of two views of one identifier its highest assurance, and its value if either shows it."""
    shown = other if one.is_masked else one
    sure = max((one.assurance, other.assurance), key=lambda assurance: assurance.rank)
    return shown.model_copy(update={"assurance": sure})


def identifier_view(item: Identifier) -> IdentifierView:
    """An identifier with its assurance, uncut."""
    return IdentifierView(namespace=item.namespace, value=item.value, assurance=item.assurance)


def _identifier(
    one: Identifier, record: Record, allowed: Grant, known: Pair | None
) -> IdentifierView | None:
    is_own_word = record.channel not in SYSTEMS_OF_RECORD
    field = field_of_identifier(one.namespace)
    seen = sight(field, record.record_id, allowed, is_own_word=is_own_word)
    if one.pair == known:
        seen = Sight.FULL
    if seen is Sight.NONE:
        return None
    is_masked = seen is Sight.HINT
    return IdentifierView(
        namespace=one.namespace,
        value=hint(one.value) if is_masked else one.value,
        assurance=one.assurance,
        is_masked=is_masked,
    )


def _is_claim(one: Identifier) -> bool:
    return one.assurance is Assurance.CLAIMED


def record_views(
    records: Sequence[Record], profile: Profile, allowed: Grant, known: Pair | None = None
) -> list[RecordView]:
    """Each record with what may be seen of it; `profile` is cut already."""
    return [_record(one, profile, allowed, known) for one in records]


def _record(record: Record, profile: Profile, allowed: Grant, known: Pair | None) -> RecordView:
    names = [
        one
        for one in profile.mentions
        if one.record_id == record.record_id and one.trait in {"name", "local_name"}
    ]
    named = max(names, key=lambda one: (one.at, one.trait == "name"), default=None)
    return RecordView(
        record_id=record.record_id,
        channel=record.channel,
        account=record.source.account,
        name=str(named.value) if named else None,
        name_assurance=named.assurance if named else None,
        identifiers=identifier_views([record], allowed, known=known),
        claims=identifier_views([record], allowed, claims=True, known=known),
        created_at=record.created_at,
    )


def registered_view(record: Record) -> RecordView:
    """A record as its own application said it."""
    views = [identifier_view(one) for one in record.identifiers]
    return RecordView(
        record_id=record.record_id,
        channel=record.channel,
        account=record.source.account,
        name=record.name,
        identifiers=[one for one in views if one.assurance is not Assurance.CLAIMED],
        claims=[one for one in views if one.assurance is Assurance.CLAIMED],
        created_at=record.created_at,
    )


def disclosure_view(profile: Profile, allowed: Grant) -> DisclosureView:
    """What the caller sees and why; `profile` is the whole one."""
    return DisclosureView(
        level=allowed.level,
        basis=allowed.basis.value,
        sender=allowed.sender,
        record_id=allowed.record_id,
        withheld=withheld(profile, allowed),
    )
