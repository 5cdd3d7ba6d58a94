"""What the rows of the manager's table answer: actions -> messages, abort reasons, and their part.

A row whose action only sends something is data here; the others are carried out by the part of
the manager that their set names.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.association import AbortReason
from protocols.ieee20601.manager_table import ManagerAction as Action
from protocols.ieee20601.remote_operations import ErrorCode, Message, RejectProblem, Roer, Rorj
from protocols.ieee20601.states import Trigger
from protocols.ieee20601.timeouts import Timer

TIMEOUTS: Final = {
    Timer.CONFIG: Trigger.TIMEOUT_CONFIG,
    Timer.RELEASE: Trigger.TIMEOUT_RELEASE,
    Timer.SILENCE: Trigger.TIMEOUT_SILENCE,
}
"""Timers that mean one trigger in every state."""
ERRORS: Final[dict[Action, Message]] = {
    Action.ERROR_NO_OBJECT: Roer(int(ErrorCode.NO_SUCH_OBJECT_INSTANCE), b""),
    Action.TAKE_KNOWN: Roer(int(ErrorCode.NO_SUCH_OBJECT_INSTANCE), b""),
    Action.ERROR_NO_ACTION: Roer(int(ErrorCode.NO_SUCH_ACTION), b""),
    Action.REJECT_CONFIG: Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU)),
    Action.REJECT_STRUCTURE: Rorj(int(RejectProblem.BADLY_STRUCTURED_APDU)),
    Action.REJECT_RESOURCES: Rorj(int(RejectProblem.RESOURCE_LIMITATION)),
    Action.REJECT_OPERATION: Rorj(int(RejectProblem.UNRECOGNIZED_OPERATION)),
}
"""ROER or RORJ with the invoke id of what was received."""
ABORTS: Final = {
    Action.ABORT: AbortReason.UNDEFINED,
    Action.FORGET_CONFIG: AbortReason.UNDEFINED,
    Action.ABORT_OVERFLOW: AbortReason.BUFFER_OVERFLOW,
    Action.ABORT_RESPONSE: AbortReason.RESPONSE_TIMEOUT,
    Action.ABORT_CONFIG: AbortReason.CONFIGURATION_TIMEOUT,
}
"""Aborts that end an association."""
ANSWERED_ABORTS: Final = {
    Action.ANSWER_ABORT: AbortReason.UNDEFINED,
    Action.ANSWER_OVERFLOW: AbortReason.BUFFER_OVERFLOW,
}
"""Aborts without an association to end."""
ENDING: Final = {
    Action.OPEN,
    Action.CLOSE,
    Action.RELEASE,
    Action.ANSWER_RELEASE,
    Action.ANSWER_RELEASE_STAY,
    Action.END_RELEASED,
    Action.END_ABORTED,
    Action.ABORT_REQUESTED,
    *ANSWERED_ABORTS,
}
"""Carried out by `ManagerEndings`."""
CONFIGURING: Final = {
    Action.ACCEPT,
    Action.ACCEPT_UNKNOWN,
    Action.REJECT,
    Action.CHECK_CONFIG,
    Action.ACCEPT_CONFIG,
    Action.REFUSE_CONFIG,
    Action.REFUSE_STANDARD_CONFIG,
}
"""Carried out by `ManagerConfiguring`."""
