"""What a manager knows of one association: the agent, its configuration, its reports so far.

Reports that arrive before the MDS is read are held back, at most until the Get is answered or
its timeout: only then is the device's clock known, so that stored readings sent at once get
their right time. They keep the reception time of their own octets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from protocols.errors import DecodeError
from protocols.ieee20601.compiled_reports import CompiledReport, CompiledReports
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.device_clock import NO_CLOCK, DeviceClock
from protocols.ieee20601.event_reports import ConfigReport, EventInfo
from protocols.ieee20601.events import ReportsMissed, SamplesMissed, SamplesOverlapping
from protocols.ieee20601.invocations import ReceivedReports
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.remote_operations import EventReport
from protocols.ieee20601.report_watchdog import ReportWatchdog, SilencePolicy
from protocols.ieee20601.requests import DataRequest
from protocols.ieee20601.sample_gaps import SampleGaps
from protocols.ieee20601.segment_entries import EntryClock
from protocols.ieee20601.segment_transcription import transcribe_segment
from protocols.ieee20601.stored_data import StoredDataPlan
from protocols.ieee20601.tolerances import DEFAULT_TOLERANCES, Tolerances
from protocols.ieee20601.transcription import (
    Reception,
    Transcription,
    nothing_new,
    transcribe,
)
from protocols.model.clock_mapping import OLDEST_LIVE
from protocols.model.codes import MdcCode, SystemId
from protocols.model.observation import Observation, SampleArrayObservation

_NUMBERS = 0x10000
_MOST_TOLD = 256
_MOST_NUMBERED = 256
"""How many kinds of reports, each with numbers of its own, are followed at once."""


@dataclass(frozen=True, slots=True)
class HeldReport:
    """A report that waits for the device's clock, with all it needs to be read again."""

    report: EventReport
    info: EventInfo
    configuration: Configuration
    counter: int
    utc: datetime
    invoke_id: int | None
    size: int


@dataclass(slots=True, kw_only=True)
class ManagerAssociation:
    """One association, from the accepted AARQ to its end.

    `offered_config_id` is the AARQ's; `configuration` None until one is agreed, `candidate`
    the last one reported; `remembered`
    where it came from an earlier run, `misremembered` when that run's device was another one by
    its firmware; `refused_once` after a configuration was not accepted;
    `oldest_live`: how old the stamp of a live report may be; `zone`: the gateway's;
    `tolerances`: what it is forgiven; `watchdog` knows the pace of the reports;
    `token` names the association among those of its connection;
    `holding` while reports wait for the MDS; `pages` the segment pages that wait for the
    driver's confirm, by invoke id: store, page, and the mark by which it is known again, empty
    for none;
    `data_req_flags` and `init_manager` what the agent said of data requests (see
    `DataRequestFlags`), `data_requests` those that go on, by id.
    """

    system_id: SystemId
    offered_config_id: int
    test: bool
    token: int
    received: ReceivedReports
    configuration: Configuration | None = None
    candidate: Configuration | None = None
    remembered: bool = False
    refused_once: bool = False
    misremembered: bool = False
    clock: DeviceClock = NO_CLOCK
    oldest_live: timedelta = OLDEST_LIVE
    zone: tzinfo = UTC
    tolerances: Tolerances = DEFAULT_TOLERANCES
    described: bool = False
    holding: bool = False
    held: list[HeldReport] = field(default_factory=list)
    plan: StoredDataPlan | None = None
    watchdog: ReportWatchdog = field(default_factory=lambda: ReportWatchdog(SilencePolicy()))
    pages: dict[int, tuple[int, SegmentData, bytes]] = field(default_factory=dict)
    data_req_flags: int = 0
    init_manager: int = 0
    data_requests: dict[int, DataRequest] = field(default_factory=dict)
    last_req_id: int = 0
    _counter: int = 0
    _gaps: SampleGaps = field(default_factory=SampleGaps)
    _followed_clock: DeviceClock = NO_CLOCK
    _followed_configuration: Configuration | None = None
    _waveforms: dict[tuple[MdcCode | None, tuple[MdcCode, ...]], int] = field(default_factory=dict)
    _compiled: CompiledReports | None = None
    _unitless: set[int] = field(default_factory=set)
    _numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def recognise(self, report: EventReport, *, utc: datetime) -> CompiledReport | None:
        """The report, where its shape is compiled, as `transcribe` would read it; else None.

        What is compiled belongs to one configuration: it is made anew when a report changed it.
        """
        configuration = self._agreed()
        if self._compiled is None or self._compiled.configuration is not configuration:
            self._compiled = CompiledReports(configuration, self.system_id)
        return self._compiled.read(report, self._reception(self._counter, utc))

    def transcribe(self, report: EventReport, info: EventInfo, *, utc: datetime) -> Transcription:
        """What a report that arrives now says; changes nothing.

        Raises LayoutError and the errors of `StoredDataPlan.map_of`.
        """
        return self._transcribe(report, info, self._agreed(), self._counter, utc)

    def adopt(
        self,
        report: EventReport,
        info: EventInfo,
        transcription: Transcription,
        *,
        utc: datetime,
        invoke_id: int | None,
        size: int,
    ) -> tuple[Observation, ...] | None:
        """Take a transcribed report of `size` octets: its observations, None while it is held."""
        configuration, counter = self._agreed(), self._counter
        self._counter += 1
        self.configuration = transcription.configuration
        if self.holding:
            self.held.append(HeldReport(report, info, configuration, counter, utc, invoke_id, size))
            return None
        self.clock = transcription.clock
        return transcription.observations

    def release_held(
        self, *, unconfirmed_only: bool = False
    ) -> list[tuple[int | None, tuple[Observation, ...]]]:
        """Read the held reports with the clock that is known now; invoke id and observations.

        `unconfirmed_only`: those the agent will send again are dropped.
        """
        self.holding = False
        released = []
        for held in self.held:
            if unconfirmed_only and held.invoke_id is not None:
                continue
            transcription = self._transcribe(
                held.report, held.info, held.configuration, held.counter, held.utc
            )
            self.clock = transcription.clock
            released.append((held.invoke_id, transcription.observations))
        self.held.clear()
        return released

    def first_without_unit(self, transcription: Transcription) -> list[int]:
        """The handles without a unit that no earlier report showed."""
        new = [handle for handle in transcription.without_unit if handle not in self._unitless]
        self._unitless.update(new)
        return new

    def is_of_other_firmware(self, firmware: str) -> bool:
        """Whether what is remembered was learnt from another firmware than the device has now."""
        learnt_from = self._agreed().firmware
        return self.remembered and bool(firmware and learnt_from) and firmware != learnt_from

    def is_news(self, note: str) -> bool:
        """Whether a sentence was not told yet; of too many different ones each is news."""
        if note in self._told:
            return False
        if len(self._told) < _MOST_TOLD:
            self._told.add(note)
        return True

    def can_hold(self, size: int, *, most_reports: int, most_octets: int) -> bool:
        """Whether one more report of `size` octets may be held back; always when none must be."""
        if not self.holding:
            return True
        octets = sum(held.size for held in self.held)
        return len(self.held) < most_reports and octets + size <= most_octets

    def is_held(self, invoke_id: int) -> bool:
        """Whether a report under this id is held back: the driver does not know of it."""
        return any(held.invoke_id == invoke_id for held in self.held)

    def count_missed(self, report: EventReport, info: EventInfo) -> ReportsMissed | None:
        """Which reports of this kind never came before this one (scan-report-no); None for none.

        Numbering starts anew with the association and is not counted before its first report.
        A number that stands still or goes back is a device that does not count: no gap. Of
        endless kinds only the latest are followed.
        """
        if isinstance(info, SegmentData | ConfigReport):
            return None
        key = (report.handle, info.data_req_id)
        last = self._numbers.pop(key, None)
        if len(self._numbers) == _MOST_NUMBERED:
            del self._numbers[next(iter(self._numbers))]
        self._numbers[key] = info.scan_report_no
        step = 0 if last is None else (info.scan_report_no - last) % _NUMBERS
        if last is None or not 1 < step < _NUMBERS // 2:
            return None
        first, until = (last + 1) % _NUMBERS, (info.scan_report_no - 1) % _NUMBERS
        return ReportsMissed(step - 1, first, until)

    def sample_gaps(
        self, observations: Iterable[Observation]
    ) -> Iterator[SamplesMissed | SamplesOverlapping]:
        """What is missing, or came twice, between the arrays of each waveform."""
        if self.clock != self._followed_clock:
            self._gaps.restart()
            self._followed_clock = self.clock
        if self._followed_configuration is not self.configuration:
            self._followed_configuration = self._agreed()
            self._waveforms = _handles_of(self._followed_configuration)
        for observation in observations:
            if not isinstance(observation, SampleArrayObservation):
                continue
            handle = self._waveforms.get((observation.type, observation.supplements))
            gap = None if handle is None else self._gaps.follow(handle, observation)
            if gap is not None:
                yield gap

    def _agreed(self) -> Configuration:
        if self.configuration is None:
            raise AssertionError("no configuration is agreed")
        return self.configuration

    def _transcribe(
        self,
        report: EventReport,
        info: EventInfo,
        configuration: Configuration,
        counter: int,
        utc: datetime,
    ) -> Transcription:
        reception = self._reception(counter, utc)
        if isinstance(info, ConfigReport):
            raise DecodeError("a configuration is no report of observations")
        if isinstance(info, SegmentData):
            plan = self.plan or StoredDataPlan(())
            entry_map = plan.map_of(report.handle, info.instance)
            if plan.is_durable(report.handle, info):
                return nothing_new(configuration, self.clock)
            facts = plan.facts_of(report.handle, info.instance)
            store = configuration.find(report.handle)
            return transcribe_segment(
                info,
                entry_map,
                configuration,
                reception,
                adjustment=facts.adjustment,
                person=facts.person,
                clock=EntryClock.of(facts.start, store.period_ticks if store else None),
            )
        return transcribe(report, info, configuration, reception)

    def _reception(self, counter: int, utc: datetime) -> Reception:
        return Reception(
            device=self.system_id,
            received_at=utc,
            report_counter=counter,
            clock=self.clock,
            test=self.test,
            oldest_live=self.oldest_live,
            zone=self.zone,
            tolerances=self.tolerances,
        )


def _handles_of(
    configuration: Configuration,
) -> dict[tuple[MdcCode | None, tuple[MdcCode, ...]], int]:
    """Handles by what they measure; of twins nobody can say which of them an array is of."""
    return {
        (item.type, item.supplements): handle
        for handle, item in configuration.objects.items()
        if not item.has_twin
    }
