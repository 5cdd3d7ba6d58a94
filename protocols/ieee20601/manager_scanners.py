"""How a manager switches scanners: on after every association, off and on again when asked."""

from __future__ import annotations

from functools import partial

from protocols.errors import LocalProtocolError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import find
from protocols.ieee20601.events import ProtocolWarning, ScannerSwitched
from protocols.ieee20601.manager_requests import ManagerRequests
from protocols.ieee20601.remote_operations import RorsConfirmedSet
from protocols.ieee20601.scanners import OperationalState, Scanner, disable, enable, scanners_of


class ManagerScanners(ManagerRequests):
    """The part of a manager that decides which scanners report."""

    def set_scanner(self, handle: int, *, enabled: bool, now: float) -> int:
        """Switch a scanner; the invoke id. `ScannerSwitched` tells what the agent made of it.

        Raises LocalProtocolError unless operating, and for a handle that is no scanner.
        """
        return self._invoke(partial(self._switch_known, handle, enabled), now)

    def _switch_known(self, handle: int, enabled: bool, now: float) -> int:
        if handle not in self._scanners():
            raise LocalProtocolError(f"the configuration has no scanner {handle}")
        return self._switch(handle, enabled, now)

    def _scanners(self) -> dict[int, Scanner]:
        configuration = self._associated().configuration
        return {} if configuration is None else scanners_of(configuration)

    def _enable_scanners(self, now: float) -> None:
        """After the association: every scanner the policy wants and that is not on by itself."""
        wanted = self._policy.enabled_scanners
        for handle, scanner in self._scanners().items():
            if not scanner.enabled and (wanted is None or handle in wanted):
                self._switch(handle, True, now)

    def _switch(self, handle: int, enabled: bool, now: float) -> int:
        return self._ask(
            enable(handle) if enabled else disable(handle),
            RorsConfirmedSet,
            what="the switching of a scanner",
            seconds=self._policy.timeouts.set,
            answered=partial(self._switched, handle),
            refused=partial(self._not_switched, handle),
            now=now,
        )

    def _switched(self, handle: int, answer: RorsConfirmedSet, _now: float) -> None:
        state = find(answer.attributes, at.OP_STAT)
        self._emit(ScannerSwitched(handle, state == OperationalState.ENABLED))

    def _not_switched(self, handle: int, _now: float) -> None:
        self._emit(ProtocolWarning(f"scanner {handle} cannot be switched"))
