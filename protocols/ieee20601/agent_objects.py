"""What a manager may do with an agent's objects: read, set, act (20601 6.3, object services).

An `AgentObject` stands for one handle. What it does not allow it refuses with an
`OperationError`, which becomes ROER; octets that break the encoding raise DecodeError, which
becomes RORJ badly-structured-apdu. Sets are judged whole before the first is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from protocols.errors import ProtocolError
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.remote_operations import AttributeModification, ErrorCode


class OperationError(ProtocolError):
    """An operation an object does not allow; `code` is the error-value of the ROER."""

    def __init__(self, code: ErrorCode) -> None:
        self.code = code
        super().__init__(f"error {int(code)}")


@dataclass(frozen=True, slots=True)
class Moment:
    """When a request is carried out: monotonic seconds, and the aware time of the same moment."""

    now: float
    utc: datetime


class AgentObject:
    """An object that allows nothing, as a metric; others override what they allow."""

    def read(self, _at: Moment, /) -> tuple[AttributeValue, ...]:
        """Every attribute, for a Get."""
        raise OperationError(ErrorCode.NOT_ALLOWED_BY_OBJECT)

    def judge(self, _changes: tuple[AttributeModification, ...], /) -> tuple[AttributeValue, ...]:
        """The attributes as a Set would leave them; changes nothing."""
        raise OperationError(ErrorCode.NOT_ALLOWED_BY_OBJECT)

    def adopt(self, _value: AttributeValue, _at: Moment, /) -> None:
        """Carry out what `judge` allowed."""

    def act(self, _action_type: int, _argument: bytes, _at: Moment, /) -> bytes:
        """Carry out an action; the octets of its result."""
        raise OperationError(ErrorCode.NO_SUCH_ACTION)


def selected(
    attributes: Iterable[AttributeValue], wanted: tuple[int, ...]
) -> tuple[AttributeValue, ...]:
    """The attributes a Get asked for, all of them when it named none.

    20601 6.3.2, Get: an agent answers with those of the named attributes that it has.
    """
    return tuple(item for item in attributes if not wanted or item.attribute_id in wanted)
