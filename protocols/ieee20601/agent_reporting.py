"""What an agent reports: for its MDS, for its scanners, and because it was asked."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from protocols.errors import LocalProtocolError
from protocols.ieee20601.agent_associating import AgentAssociating, SentReport
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.agent_scanners import ScannerObject
from protocols.ieee20601.apdus import DataApdu, Prst, encode_apdu
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.events import (
    ReportConfirmed,
    ReportRefused,
    ScanDue,
    ScannerSwitched,
)
from protocols.ieee20601.line_framings import Framing
from protocols.ieee20601.policies import AgentPolicy
from protocols.ieee20601.received import Received
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    Roer,
    RoivConfirmedEventReport,
    RoivEventReport,
    Rorj,
)
from protocols.ieee20601.report_building import Report
from protocols.ieee20601.scanners import Scanner, scanners_of
from protocols.ieee20601.timeouts import ScanTimer
from protocols.mder.times import NO_RELATIVE_TIME
from protocols.model.codes import SystemId

_REPEATABLE: Final = 16
"""How many sent reports may be sent again."""


class AgentReporting(AgentAssociating):
    """The reporting part of an agent; the part above it answers requests."""

    def __init__(
        self,
        *,
        system_id: SystemId,
        configurations: tuple[Configuration, ...],
        service: DataRequestService,
        policy: AgentPolicy,
        framing: Framing | None,
    ) -> None:
        super().__init__(
            system_id=system_id,
            configurations=configurations,
            service=service,
            policy=policy,
            framing=framing,
        )
        self._scanners: dict[int, ScannerObject] = {}
        self._sent: OrderedDict[int, SentReport] = OrderedDict()
        self._report: Report | None = None
        self._sent_id = 0

    def _operate(self, now: float, /, *, known: bool) -> None:
        """Scanners begin as the configuration says, in every association anew."""
        super()._operate(now, known=known)
        found = scanners_of(self._configuration)
        self._scanners = {
            handle: ScannerObject(
                self._configuration.objects[handle], scanner, self._scanner_switched
            )
            for handle, scanner in found.items()
        }
        for scanner in found.values():
            if scanner.enabled:
                self._scanner_switched(scanner, True, now)

    # What may be sent.

    def _require_sendable(self, report: Report, *, confirmed: bool, now: float) -> None:
        """LocalProtocolError unless the object may send this report now."""
        if confirmed and self._waiting(report.handle) >= self._window(report.handle):
            raise LocalProtocolError(f"confirmed reports of object {report.handle} wait already")
        if report.handle == MDS_HANDLE:
            return
        scanner = self._scanners.get(report.handle)
        if scanner is None or not scanner.enabled:
            raise LocalProtocolError(f"no scanner {report.handle} is switched on")
        if now < scanner.earliest_report(now):
            raise LocalProtocolError(f"scanner {report.handle} reports too often")

    def _waiting(self, handle: int) -> int:
        """How many confirmed reports of an object wait for their answer."""
        return sum(
            isinstance(request, SentReport) and request.handle == handle
            for request in self._invocations.requests()
        )

    def _window(self, handle: int) -> int:
        scanner = self._scanners.get(handle)
        return self._policy.max_outstanding if scanner is None else scanner.scanner.window

    def _wants_confirmed(self, report: Report, *, confirmed: bool) -> bool:
        """A scanner's Confirm-Mode decides for its reports."""
        scanner = self._scanners.get(report.handle)
        return confirmed if scanner is None else scanner.scanner.confirmed

    # Sending.

    def _send_confirmed(self, report: Report, now: float) -> int:
        seconds = self._confirm_seconds(report.handle)
        # The octets hold the id, so the id comes first.
        invoke_id = self._invocations.open(
            SentReport(report.handle, b"", seconds), now=now, timeout_seconds=seconds
        )
        message = RoivConfirmedEventReport(
            report.handle, NO_RELATIVE_TIME, int(report.event_type), report.event_info
        )
        octets = encode_apdu(Prst(DataApdu(invoke_id, message)))
        self._put(octets)
        self._sent[invoke_id] = SentReport(report.handle, octets, seconds)
        self._sent.move_to_end(invoke_id)
        while len(self._sent) > _REPEATABLE:
            self._sent.popitem(last=False)
        self._note_sent(report, now)
        return invoke_id

    def _send_unconfirmed(self, report: Report, now: float) -> int:
        invoke_id = self._invocations.take_unanswered_id()
        message = RoivEventReport(
            report.handle, NO_RELATIVE_TIME, int(report.event_type), report.event_info
        )
        self._send_message(invoke_id, message)
        self._note_sent(report, now)
        return invoke_id

    def _note_sent(self, report: Report, now: float) -> None:
        scanner = self._scanners.get(report.handle)
        if scanner is not None:
            scanner.reported(now)

    def _confirm_seconds(self, handle: int) -> float:
        """TO_cer-mds or TO_scanner: the Confirm-Timeout of the object that reports."""
        scanner = self._scanners.get(handle)
        told = None if scanner is None else scanner.scanner.confirm_seconds
        return self._policy.timeouts.confirm if told is None else told

    def _report_confirmed(self, received: Received) -> None:
        self._invocations.close(received.needed_invoke_id)
        self._emit(ReportConfirmed(received.needed_invoke_id))

    def _report_refused(self, received: Received) -> None:
        self._invocations.close(received.needed_invoke_id)
        match received.message:
            case Roer(error=error):
                reason = f"error {error}"
            case Rorj(problem=problem):
                reason = f"reject {problem}"
            case _:
                reason = "an answer that cannot be read"
        self._emit(ReportRefused(received.needed_invoke_id, reason))

    # Scanners.

    def _scanner_switched(self, scanner: Scanner, enabled: bool, now: float) -> None:
        """The manager, or the configuration, switched a scanner."""
        self._timers.cancel(ScanTimer(scanner.handle))
        self._emit(ScannerSwitched(scanner.handle, enabled))
        if enabled:
            self._await_interval(scanner, now)

    def _await_interval(self, scanner: Scanner, now: float) -> None:
        if scanner.is_periodic and scanner.interval_seconds is not None:
            timer = ScanTimer(scanner.handle)
            self._timers.start(timer, now=now, seconds=scanner.interval_seconds)

    def _scan_due(self, handle: int, now: float) -> None:
        """One Reporting-Interval is over; the next begins."""
        self._emit(ScanDue(handle))
        self._await_interval(self._scanners[handle].scanner, now)

    def _end(self, cause: Exception | None, *, released: bool) -> None:
        self._sent.clear()
        self._scanners.clear()
        super()._end(cause, released=released)
