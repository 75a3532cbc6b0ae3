"""The load's recount finds what it is for: lost, doubled, disordered, split, dead-lettered."""

from typing import Any, cast

import pytest

from benchmarks.load.__main__ import percentile
from benchmarks.load.tables import Storage, recount
from benchmarks.load.traffic import Shot
from local.twins.webhooks import Webhook

WEBHOOK = Webhook("whatsapp", "main", "http://127.0.0.1", (), b"")


class Tables:
    """A storage that holds what a test says."""

    def __init__(self, ids: list[str], conversations: int = 1, dead: int = 0) -> None:
        self.ids, self.conversations, self.dead = ids, conversations, dead

    def of_record(self, _record_id: str) -> list[dict[str, Any]]:
        return [{"position": f"0#{one}"} for one in self.ids]

    def of_partition(self, _table: str, _pk: str) -> list[dict[str, Any]]:
        return [{"conversation_id": str(number)} for number in range(self.conversations)]

    def depths(self, *, dead: bool) -> dict[str, int]:
        return {"InboundDeadLetters": self.dead}


def shots(*ids: str) -> list[Shot]:
    made = [Shot("1415", "whatsapp", one, one, WEBHOOK) for one in ids]
    for one in made:
        one.record_id, one.customer_id = "rec", "cus"
    return made


@pytest.mark.parametrize(
    ("tables", "wrong"),
    [
        (Tables(["a", "b"]), {}),
        (Tables(["a"]), {"lost": 1, "disordered": 1}),
        (Tables(["a", "b", "b"]), {"doubled": 1, "disordered": 1}),
        (Tables(["a", "b", "c"]), {"doubled": 1}),
        (Tables(["b", "a"]), {"disordered": 1}),
        (Tables(["a", "b"], conversations=2), {"conversations_too_many": 1}),
        (Tables(["a", "b"], dead=1), {"dead_lettered": 1}),
    ],
)
def test_a_recount_tells_what_is_wrong(tables: Tables, wrong: dict[str, int]) -> None:
    found = recount(cast("Storage", tables), shots("a", "b"), {"InboundDeadLetters": 0})

    told = {name: count for name, count in vars(found).items() if count and name != "messages"}
    assert told == wrong
    assert found.is_right == (not wrong)


def test_percentiles_are_values_that_occurred() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]

    assert [percentile(values, share) for share in (0.2, 0.5, 0.95, 1)] == [1, 3, 5, 5]
