"""Whose conversation it is decides who reads and answers it."""

import pytest

from rapport.contracts.caller import Caller, Group
from rapport.conversations.model import Conversation
from rapport.kernel.errors import Forbidden
from rapport.views.permissions import READ, check_may_read, check_may_write, may_read_words
from tests.builders import a_conversation, after

AGENT = Caller("agent-1", frozenset({Group.AGENT}))
SUPERVISOR = Caller("boss", frozenset({Group.SUPERVISOR}))
ADMIN = Caller("root", frozenset({Group.ADMIN}))
APPLICATION = Caller("app", scopes=frozenset({READ}), is_application=True)
OWN, COLLEAGUES, NOBODYS = (a_conversation(assignee=one) for one in ("agent-1", "agent-2", None))
PAST = a_conversation(opened_at=after(days=-9), assignee="agent-2")


@pytest.mark.parametrize("conversation", [OWN, NOBODYS])
def test_an_agent_reads_their_own_and_nobodys(conversation: Conversation) -> None:
    check_may_read(AGENT, conversation, conversation)
    assert may_read_words(AGENT, conversation)


def test_an_agent_does_not_read_along_with_a_colleague() -> None:
    with pytest.raises(Forbidden):
        check_may_read(AGENT, COLLEAGUES, COLLEAGUES)
    assert not may_read_words(AGENT, COLLEAGUES)


def test_who_has_the_customer_now_reads_what_colleagues_had_before() -> None:
    check_may_read(AGENT, PAST, OWN)


def test_who_had_the_customer_before_does_not_read_what_a_colleague_has_now() -> None:
    with pytest.raises(Forbidden):
        check_may_read(AGENT, COLLEAGUES, a_conversation(assignee="agent-2"))


@pytest.mark.parametrize("caller", [SUPERVISOR, ADMIN, APPLICATION])
def test_managers_and_applications_read_and_write_everywhere(caller: Caller) -> None:
    check_may_read(caller, COLLEAGUES, COLLEAGUES)
    check_may_write(caller, COLLEAGUES)
    assert may_read_words(caller, COLLEAGUES)


def test_an_application_without_the_scope_reads_no_words() -> None:
    assert not may_read_words(Caller("app", is_application=True), NOBODYS)


@pytest.mark.parametrize("conversation", [COLLEAGUES, NOBODYS])
def test_only_who_has_a_conversation_answers_in_it(conversation: Conversation) -> None:
    check_may_write(AGENT, OWN)
    with pytest.raises(Forbidden):
        check_may_write(AGENT, conversation)
