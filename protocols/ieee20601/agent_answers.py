"""What the rows of the agent's table answer: actions -> messages, abort reasons, and their part."""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.agent_table import AgentAction as Action
from protocols.ieee20601.association import AbortReason
from protocols.ieee20601.remote_operations import ErrorCode, Message, RejectProblem, Roer, Rorj

ANSWERS: Final[dict[Action, Message]] = {
    Action.ERROR_NO_OBJECT: Roer(int(ErrorCode.NO_SUCH_OBJECT_INSTANCE), b""),
    Action.REJECT_STRUCTURE: Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU)),
    Action.REJECT_RESOURCES: Rorj(int(RejectProblem.RESOURCE_LIMITATION)),
}
"""ROER or RORJ with the invoke id of what was received."""
ABORTS: Final = {
    Action.ABORT: AbortReason.UNDEFINED,
    Action.ABORT_OVERFLOW: AbortReason.BUFFER_OVERFLOW,
    Action.ABORT_RESPONSE: AbortReason.RESPONSE_TIMEOUT,
    Action.ABORT_CONFIG: AbortReason.CONFIGURATION_TIMEOUT,
}
"""Aborts that end an association."""
ASSOCIATING: Final = {
    Action.ASSOCIATE,
    Action.ASSOCIATE_AGAIN,
    Action.OPERATE,
    Action.OFFER_CONFIG,
    Action.SEND_CONFIG,
    Action.CONFIG_ACCEPTED,
    Action.OFFER_NEXT,
    Action.REJECTED,
    Action.ANSWER_AARQ,
}
"""Carried out by `AgentAssociating`."""
OPERATING: Final = {
    Action.ANSWER_REQUEST,
    Action.PERFORM_REQUEST,
    Action.ANSWER_STORE,
    Action.SEND_PAGE_AGAIN,
    Action.SEND_CONFIRMED,
    Action.SEND_UNCONFIRMED,
    Action.REPORT_CONFIRMED,
    Action.REPORT_REFUSED,
    Action.REFUSE,
    Action.NOTHING,
    Action.IGNORE,
}
"""Carried out by `AgentConnection` itself; the rest by `AgentEndings`."""
