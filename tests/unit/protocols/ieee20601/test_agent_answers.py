"""Every action of the agent's table is either data or carried out by one part of the agent."""

from __future__ import annotations

from protocols.ieee20601.agent_answers import ABORTS, ANSWERS, ASSOCIATING, OPERATING
from protocols.ieee20601.agent_table import AgentAction
from protocols.ieee20601.remote_operations import Roer, Rorj


def test_no_action_belongs_to_two_parts() -> None:
    parts = [set(ABORTS), set(ANSWERS), ASSOCIATING, OPERATING]
    together = set.union(*parts)
    assert sum(map(len, parts)) == len(together)
    assert together < set(AgentAction)


def test_the_answers_have_the_codes_their_names_say() -> None:
    for action, message in ANSWERS.items():
        code = message.error if isinstance(message, Roer) else None
        code = message.problem if isinstance(message, Rorj) else code
        assert f"({code})" in action.value
    for action, reason in ABORTS.items():
        assert f"({int(reason)})" in action.value
