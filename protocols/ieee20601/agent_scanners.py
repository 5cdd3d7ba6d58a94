"""The scanners of an agent at work: switched by the manager's Set, due by their interval."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_objects import AgentObject, Moment, OperationError
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.objects import ConfiguredObject
from protocols.ieee20601.remote_operations import (
    AttributeModification,
    ErrorCode,
    ModifyOperator,
)
from protocols.ieee20601.scanners import OperationalState, Scanner

_SETTABLE: Final = (OperationalState.ENABLED, OperationalState.DISABLED)


class ScannerObject(AgentObject):
    """One scanner during one association; a manager may read it and set its Operational-State.

    `switched(scanner, enabled, now)` is told every change of state.
    """

    def __init__(
        self,
        subject: ConfiguredObject,
        scanner: Scanner,
        switched: Callable[[Scanner, bool, float], None],
    ) -> None:
        self._subject = subject
        self._switched = switched
        self.scanner = scanner
        self.enabled = scanner.enabled
        self._next_at = 0.0

    def read(self, _moment: Moment, /) -> tuple[AttributeValue, ...]:
        """The configured attributes with the state of now."""
        state = OperationalState.ENABLED if self.enabled else OperationalState.DISABLED
        others = (
            item
            for item in self._subject.attributes
            if item.attribute_id != at.OP_STAT.attribute_id
        )
        return (at.ID_HANDLE.of(self.scanner.handle), *others, at.OP_STAT.of(int(state)))

    def judge(self, changes: tuple[AttributeModification, ...], /) -> tuple[AttributeValue, ...]:
        """Operational-State to enabled or disabled; nothing else may be set."""
        for change in changes:
            is_state = change.attribute_id == at.OP_STAT.attribute_id
            if not is_state or change.operator != ModifyOperator.REPLACE:
                raise OperationError(ErrorCode.NOT_ALLOWED_BY_OBJECT)
            if at.OP_STAT.decode(change.octets) not in _SETTABLE:
                raise OperationError(ErrorCode.NOT_ALLOWED_BY_OBJECT)
        return tuple(AttributeValue(change.attribute_id, change.octets) for change in changes)

    def adopt(self, value: AttributeValue, moment: Moment, /) -> None:
        """Switch; the first report is due one interval later."""
        enabled = at.OP_STAT.decode(value.octets) == OperationalState.ENABLED
        if enabled != self.enabled:
            self.enabled = enabled
            self._next_at = moment.now
            self._switched(self.scanner, enabled, moment.now)

    def earliest_report(self, now: float) -> float:
        """When an episodic scanner may report again (Min-Reporting-Interval), monotonic."""
        return now if self.scanner.is_periodic else max(now, self._next_at)

    def reported(self, now: float) -> None:
        """One report went out."""
        self._next_at = now + (self.scanner.interval_seconds or 0.0)
