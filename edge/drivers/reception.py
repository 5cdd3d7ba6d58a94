"""What becomes of a connection's events: the buffer first, then the device's health and memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from edge.clock import Clock
from edge.drivers.condition import note_condition
from edge.drivers.configurations import ConfigurationStore
from edge.drivers.health import DeviceHealth, DeviceState, HealthBoard
from edge.drivers.policy import DriverPolicy
from edge.drivers.stored_pages import StoredPages
from edge.errors import BufferFullError
from edge.pipeline.descriptions import DescribedSource
from edge.pipeline.traces import ReportTimes, ReportTraces
from edge.recorder.recording import Recording
from protocols.ieee20601.events import (
    Associated,
    AssociationEnded,
    ClockSet,
    ConfigurationDistrusted,
    ConfigurationReceived,
    DeviceDescribed,
    DeviceHeardAgain,
    DeviceSilent,
    Event,
    ObservationsReported,
    OctetsDiscarded,
    ProtocolWarning,
    ReportsMissed,
    SamplesMissed,
    SamplesOverlapping,
    SegmentCleared,
    SegmentFetched,
    StoredDataFinished,
    StoredPageKept,
)
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation

log = logging.getLogger(__name__)


class Reception:
    """The event sink of one line."""

    def __init__(
        self,
        *,
        source: DescribedSource,
        configurations: ConfigurationStore,
        stored_pages: StoredPages,
        health: DeviceHealth,
        board: HealthBoard,
        clock: Clock,
        policy: DriverPolicy | None = None,
        recording: Recording | None = None,
        named_by_identity: bool = False,
        traces: ReportTraces | None = None,
    ) -> None:
        self._source = source
        self._configurations = configurations
        self._stored_pages = stored_pages
        self._health = health
        self._board = board
        self._clock = clock
        self._policy = policy or DriverPolicy()
        self._recording = recording or Recording()
        self._named_by_identity = named_by_identity
        self._traces = traces
        self._unconfirmed: list[ReportTimes] = []
        self._config_id = 0
        self._association = ""

    async def accept(
        self, events: Sequence[Event], *, received_at: float, octets: str = ""
    ) -> None:
        """Store what was observed, durably; then note the rest. BufferFullError: nothing stored."""
        decoded = self._clock.monotonic() if self._traces is not None else 0.0
        reports: list[ObservationsReported] = []
        others: list[Event] = []
        infos: list[DeviceInfo] = []
        observations: list[Observation] = []
        for event in events:
            if isinstance(event, ObservationsReported):
                reports.append(event)
                observations += event.observations
                continue
            others.append(event)
            if isinstance(event, DeviceDescribed):
                infos.append(event.info)
            elif isinstance(event, Associated):
                self._source.begin()
        try:
            if infos or observations:
                appended = await self._source.append(infos, observations, octets=octets)
                self._health.counts.stored += appended.stored
                self._health.counts.repeated += appended.repeated
        except BufferFullError as exc:
            self._refuse(len(reports), str(exc))
            for event in events:
                await self._note(event)
            raise
        if self._traces is not None and observations:
            times = ReportTimes(received_at, decoded, self._clock.monotonic())
            self._traces.note([item.observation_id for item in observations], times)
            self._unconfirmed.append(times)
        if reports:
            self._recording.decoded(octets, observations)
            self._receive(reports, self._clock.monotonic() - received_at)
            note_condition(
                self._health,
                observations,
                battery_low_percent=self._policy.battery_low_percent,
                clock_tolerance_seconds=self._policy.clock_tolerance_seconds,
            )
        for event in others:
            await self._note(event)

    def confirmed(self) -> None:
        """What was accepted since the last time is confirmed to the device."""
        for times in self._unconfirmed:
            times.confirmed = self._clock.monotonic()
        self._unconfirmed.clear()

    def _receive(self, reports: Sequence[ObservationsReported], delay: float) -> None:
        counts = self._health.counts
        counts.reports += len(reports)
        for report in reports:
            counts.observations += len(report.observations)
            counts.confirmed += report.invoke_id is not None
            self._board.delays.record(delay)
        self._health.last_report_at = now = self._clock.utc()
        self._health.move(DeviceState.RECEIVING, at=now)

    def _refuse(self, reports: int, reason: str) -> None:
        if self._health.state is not DeviceState.REFUSED:
            log.error("reports refused device=%s reason=%r", self._health.name, reason)
        self._health.counts.refused += reports
        self._health.move(DeviceState.REFUSED, at=self._clock.utc(), reason=reason)

    async def _note(self, event: Event) -> None:
        health, counts = self._health, self._health.counts
        match event:
            case Associated():
                self._associate(event)
            case ConfigurationReceived(system_id, config_id, octets):
                await asyncio.to_thread(self._configurations.remember, system_id, config_id, octets)
                log.info("configuration kept device=%s config_id=%#06x", health.name, config_id)
            case ConfigurationDistrusted(system_id, config_id):
                await asyncio.to_thread(self._configurations.forget, system_id, config_id)
                log.warning(
                    "configuration dropped device=%s config_id=%#06x", health.name, config_id
                )
            case DeviceDescribed(info):
                health.model = " ".join(filter(None, (info.manufacturer, info.model)))
                await asyncio.to_thread(self._check_firmware, info)
            case ReportsMissed(count, first, last):
                counts.missed += count
                log.warning(
                    "reports missed device=%s count=%d first=%s last=%s",
                    health.name,
                    count,
                    first,
                    last,
                )
            case SamplesMissed() | SamplesOverlapping() | DeviceSilent() | DeviceHeardAgain():
                self._note_flow(event)
            case ClockSet():
                self._note_clock(event)
            case OctetsDiscarded(count):
                counts.discarded_octets += count
                log.warning("octets discarded device=%s count=%d", health.name, count)
            case ProtocolWarning(text):
                counts.warnings += 1
                log.warning("oddity device=%s text=%r", health.name, text)
            case StoredPageKept(system_id, mark):
                await asyncio.to_thread(self._stored_pages.keep, system_id, mark)
            case SegmentFetched(store, instance, entries, complete):
                log.info(
                    "segment read device=%s store=%d segment=%d entries=%d complete=%s",
                    health.name,
                    store,
                    instance,
                    entries,
                    complete,
                )
            case SegmentCleared(store, instance):
                log.info(
                    "segment cleared device=%s store=%d segment=%d", health.name, store, instance
                )
            case StoredDataFinished(complete):
                log.info("stored data read device=%s complete=%s", health.name, complete)
            case AssociationEnded(cause, released):
                self._end(cause, released=released)
            case _:
                pass

    def _note_flow(
        self, event: SamplesMissed | SamplesOverlapping | DeviceSilent | DeviceHeardAgain
    ) -> None:
        health = self._health
        match event:
            case SamplesMissed(handle, count):
                health.counts.samples_missed += count
                log.warning(
                    "samples missed device=%s object=%d count=%d", health.name, handle, count
                )
            case SamplesOverlapping(handle, count):
                log.warning(
                    "samples overlap device=%s object=%d count=%d", health.name, handle, count
                )
            case DeviceSilent(seconds):
                health.counts.silences += 1
                reason = f"no report for {seconds:.0f} s"
                health.move(DeviceState.STALE, at=self._clock.utc(), reason=reason)
                log.warning("device silent device=%s seconds=%.1f", health.name, seconds)
            case DeviceHeardAgain(seconds):
                log.info("device heard again device=%s seconds=%.1f", health.name, seconds)

    def _note_clock(self, event: ClockSet) -> None:
        self._health.counts.clock_sets += 1
        log.warning(
            "clock set device=%s old=%s new=%s offset_seconds=%s",
            self._health.name,
            event.old.value if event.old else None,
            event.new.value,
            event.offset.total_seconds() if event.offset is not None else None,
        )

    def _check_firmware(self, info: DeviceInfo) -> None:
        if not self._configurations.agrees(info.system_id, self._config_id, info.firmware):
            log.warning(
                "configuration of another firmware dropped device=%s config_id=%#06x",
                self._health.name,
                self._config_id,
            )

    def _associate(self, event: Associated) -> None:
        health = self._health
        self._config_id = event.config_id
        health.system_id = str(event.system_id)
        # What the device does not say again has to be kept beside its octets.
        known = self._configurations.octets_of(event.system_id, event.config_id)
        self._recording.learnt(
            health.system_id,
            config_id=event.config_id,
            configuration=known if event.known and known else b"",
        )
        self._association, others = self._board.begin(health.system_id, health.address)
        if others:
            log.warning(
                "two associations of one identity system_id=%s association=%s others=%s",
                health.system_id,
                self._association,
                ",".join(others),
            )
        if self._named_by_identity:
            self._board.identify(health, health.system_id)
        health.counts.associations += 1
        if health.state not in (DeviceState.RECEIVING, DeviceState.REFUSED):
            health.move(DeviceState.ASSOCIATED, at=self._clock.utc())
        log.info(
            "associated device=%s system_id=%s config_id=%#06x known=%s test=%s",
            health.name,
            event.system_id,
            event.config_id,
            event.known,
            event.test,
        )

    def _end(self, cause: Exception | None, *, released: bool) -> None:
        self._board.end(self._health.system_id, self._association)
        reason = "released by the device" if released else str(cause or "the line ended")
        self._health.move(DeviceState.CONNECTED, at=self._clock.utc(), reason=reason)
        log.info("association ended device=%s reason=%r", self._health.name, reason)
