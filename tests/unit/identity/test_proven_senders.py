"""Nameless senders whom a decision joined, a code's say: what they vouch for still joins."""

import pytest

from tests.unit.identity.worlds import ADA_PHONE, BOB_PHONE, World, by_mail, by_sms
from tests.unit.identity.worlds import on_whatsapp as whatsapp


@pytest.mark.parametrize("name", ["Ada King", None])
def test_a_phone_joins_who_comes_later_whatever_a_code_has_joined_before(name: str | None) -> None:
    """A chat answered the code that was sent to a text message's sender; neither has a name."""
    world = World()
    text, chat = world.hear(by_sms(), by_mail("chat@example.org", hours=1))
    world.merge(text.customer_id, chat.customer_id)
    (later,) = world.hear(whatsapp(ADA_PHONE, name=name, hours=30))
    assert world.customer(chat) == world.customer(text) == later.customer_id
    world.check()


def test_the_order_in_which_they_came_makes_no_difference() -> None:
    world = World()
    text, _, chat = world.hear(
        by_sms(), whatsapp(name="Ada King", minutes=5), by_mail("chat@example.org", hours=1)
    )
    world.merge(text.customer_id, chat.customer_id)
    assert len({world.customer(one) for one in (text, chat)}) == 1
    assert len(world.people()) == 1


def test_another_phone_joins_nobody() -> None:
    world = World()
    text, chat = world.hear(by_sms(), by_mail("chat@example.org", hours=1))
    world.merge(text.customer_id, chat.customer_id)
    (later,) = world.hear(whatsapp(BOB_PHONE, name="Bob", hours=30))
    assert later.customer_id != world.customer(text)
