"""Identity on its twin, for verifications to look at."""

from rapport.contracts.identity import Assurance
from rapport.identity.hearing import Engine
from rapport.identity.matching import Matcher, default_model
from rapport.identity.memory import InMemoryGraph
from rapport.identity.model import Record, Source
from rapport.identity.rules import Rules
from rapport.views.verifications import RecordedAddresses
from tests.builders import CountedIds, after, an_identifier, heard

CRM = Source("crm", "client-1", "crm-1")


class Identity:
    """Identity on its twin."""

    def __init__(self) -> None:
        self.graph = InMemoryGraph()
        self.engine = Engine(self.graph, Rules(), Matcher(default_model()), CountedIds())
        self.addresses = RecordedAddresses(self.graph)

    def registers(self, number: str, assurance: Assurance, minutes: int = 0) -> Record:
        """A system of record names a number of its customer crm-1."""
        told = an_identifier("phone", number, assurance)
        return self.engine.hear(heard(CRM, told, name="Ada", at=after(minutes=minutes)))

    def on_record(self, record: Record, session: str = "elsewhere") -> list[tuple[str, int]]:
        found = self.addresses.on_record(record.customer_id, session)
        return [(one.address, one.rank) for one in found.contacts]
