"""What an answered one-time code proves of the sender who answered it."""

from dataclasses import dataclass

from rapport.identity.deciding import Asked
from rapport.identity.graph import Component, DecisionKind, Statement
from rapport.identity.hearing import Engine
from rapport.identity.lookup import find_customer, load
from rapport.identity.model import Heard, Record
from rapport.identity.statements import digest_heard, digest_said
from rapport.kernel.errors import NotFound

CODE = "one-time code"
"""Who decided, where it was a code and no person."""

BY_CODE = "dec_ver_"
"""What the ids of such decisions begin with: each is named by its verification."""


@dataclass(frozen=True)
class Proof:
    """A sender proved to hold an address, and to be `customer_id` if the code was theirs.

    `proof_id` names the verification; repetitions share it.
    """

    heard: Heard
    proof_id: str
    customer_id: str | None = None


def prove(proof: Proof, record: Record, *, engine: Engine) -> Record:
    """Keep a proof: the address is verified on the sender, and the sender is the customer.

    Whoever had a code sent said whose it is, so that neither an unlike display name nor others who
    share the telephone matter. It is a decision, which can be taken back like a person's. Twice is
    once. Returns the record as it speaks now, whose customer may be another than before.
    """
    told = engine.hear(proof.heard)
    component = load([told.component_id], graph=engine.graph)[told.component_id]
    digests = {record.saying, digest_heard(proof.heard.sender, proof.heard.at)}
    own = [one for one in component.statements if one.source == record.source]
    joined = [one for one in own if digest_said(one) in digests]
    homes = {component.component_id}
    if proof.customer_id is not None:
        home, statement = _whose(proof.customer_id, engine)
        if home is not None and statement is not None:
            homes.add(home.component_id)
            joined = [statement, *joined]
    asked = Asked(CODE, proof.heard.at, proof.proof_id, proof.proof_id)
    first, *others = joined
    decisions = [
        asked.decision(number, DecisionKind.JOIN, first.statement_id, one.statement_id)
        for number, one in enumerate(others)
    ]
    if decisions:
        engine.decide(decisions, homes)
    latest = engine.graph.look_up(record.source, []).record or told
    return latest.speaking(record.saying if record.saying in latest.said else told.saying)


def _whose(customer_id: str, engine: Engine) -> tuple[Component | None, Statement | None]:
    try:
        customer = find_customer(customer_id, graph=engine.graph)
    except NotFound:
        return None, None
    return customer.component, customer.statements[0]
