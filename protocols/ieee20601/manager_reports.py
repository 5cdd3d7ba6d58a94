"""What a manager does with reports: take them, hold them back, confirm them, count the missed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace

from protocols.errors import LocalProtocolError
from protocols.ieee20601.apdus import DataApdu, Prst, encode_apdu
from protocols.ieee20601.event_reports import ConfigReport, confirm_report
from protocols.ieee20601.events import (
    DeviceDescribed,
    DeviceHeardAgain,
    DeviceSilent,
    ObservationsReported,
    ProtocolWarning,
    ReportsMissed,
)
from protocols.ieee20601.manager_stored_data import ManagerStoredData
from protocols.ieee20601.persistent_store import SegmentData, confirm_segment_data
from protocols.ieee20601.received import Received
from protocols.ieee20601.timeouts import Timer
from protocols.ieee20601.tolerances import MISSING_UNIT
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation


class ManagerReports(ManagerStoredData):
    """The listening part of a manager."""

    def _tell(self, notes: Iterable[str]) -> None:
        """Warn of what was odd and tolerated, of each thing once an association."""
        association = self._association
        for note in notes:
            if association is None or association.is_news(note):
                self._emit(ProtocolWarning(note))

    def _take_report(self, received: Received, now: float) -> None:
        """A new report: its observations to the driver, its answer kept for the confirm."""
        association = self._associated()
        report, info = received.needed_report, received.needed_info
        transcription = received.needed_transcription
        confirm_id = received.invoke_id if received.is_to_confirm else None
        missed = association.count_missed(report, info)
        if missed is not None:
            self._emit(missed)
        self._heard(now)
        no_unit: list[str] = []
        for handle in association.first_without_unit(transcription):
            association.tolerances.forgive(MISSING_UNIT, no_unit, handle=handle)
        self._tell(no_unit)
        if isinstance(info, SegmentData):
            readable = not transcription.unread
            self._take_page(report.handle, info, confirm_id, now, readable=readable)
        if confirm_id is not None:
            reply = (
                confirm_segment_data(report, info)
                if isinstance(info, SegmentData)
                else confirm_report(report)
            )
            octets = encode_apdu(Prst(DataApdu(confirm_id, reply)))
            association.received.wait(confirm_id, received.octets, octets)
        observations = association.adopt(
            report,
            info,
            transcription,
            utc=self._utc(now),
            invoke_id=confirm_id,
            size=len(received.octets),
        )
        if observations is not None:
            self._report(confirm_id, observations)

    def _can_hold(self, octets: bytes) -> bool:
        return self._associated().can_hold(
            len(octets),
            most_reports=self._policy.max_held_reports,
            most_octets=self._policy.max_held_octets,
        )

    def _count_missed(self, received: Received, now: float) -> None:
        """A live report that cannot be kept: lost, and said so with those before it."""
        info = received.needed_info
        missed = self._associated().count_missed(received.needed_report, info)
        number = None if isinstance(info, SegmentData | ConfigReport) else info.scan_report_no
        if missed is None:
            self._emit(ReportsMissed(1, number, number))
        else:
            self._emit(replace(missed, count=missed.count + 1, last=number))
        self._heard(now)

    def _report(self, invoke_id: int | None, observations: tuple[Observation, ...]) -> None:
        for gap in self._associated().sample_gaps(observations):
            self._emit(gap)
        if invoke_id is not None or observations:
            token = self._associated().token
            self._emit(ObservationsReported(invoke_id, observations, token))

    def _heard(self, now: float) -> None:
        """A report came; from now on the device may be silent as long as its pace allows."""
        watchdog = self._associated().watchdog
        silence = watchdog.heard(now)
        if silence is not None:
            self._emit(DeviceHeardAgain(silence))
        self._watch(now)

    def _watch(self, now: float) -> None:
        allowed = self._associated().watchdog.seconds_allowed()
        if allowed is None:
            self._timers.cancel(Timer.SILENCE)
        else:
            self._timers.start(Timer.SILENCE, now=now, seconds=allowed)

    def _tell_silent(self, now: float) -> None:
        """Nothing came for too long: say so, unless the device waits for a confirm of ours."""
        association = self._associated()
        if association.received.is_any_waiting:
            self._watch(now)
            return
        silent_for = association.watchdog.fell_silent(now)
        self._emit(DeviceSilent(silent_for))

    def _release_held(self, *, unconfirmed_only: bool = False) -> None:
        """Hand on what was held back for the device's clock."""
        association = self._associated()
        released = association.release_held(unconfirmed_only=unconfirmed_only)
        if released and not association.described:
            self._describe(DeviceInfo(system_id=association.system_id))
        for invoke_id, observations in released:
            self._report(invoke_id, observations)

    def _describe(self, info: DeviceInfo) -> None:
        self._associated().described = True
        self._emit(DeviceDescribed(info))

    def _confirm(self, invoke_id: int, now: float) -> None:
        """Answer a report whose observations are durable."""
        association = self._associated()
        held = association.is_held(invoke_id)
        answer = None if held else association.received.confirm(invoke_id)
        if answer is None:
            if self._may_be_stale(invoke_id):
                return
            raise LocalProtocolError(f"no report waits under invoke id {invoke_id}")
        self._put(answer)
        waited = association.pages.pop(invoke_id, None)
        if waited is not None:
            store, page, mark = waited
            self._page_confirmed(store, page, mark, now)

    @abstractmethod
    def _may_be_stale(self, invoke_id: int) -> bool:
        """Whether a confirm of this id may belong to an association that ended."""
