"""What becomes of a GATT link's transcripts: the buffer first, then the device's health."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from edge.clock import Clock
from edge.drivers.health import DeviceHealth, DeviceState, HealthBoard
from edge.errors import BufferFullError
from edge.pipeline.descriptions import DescribedSource
from edge.pipeline.traces import ReportTimes, ReportTraces
from edge.recorder.recording import Recording
from edge.recorder.references import OctetTrail
from protocols.gatt.terms import BATTERY_CHARGE
from protocols.gatt.transcriber import Transcript
from protocols.model.codes import SystemId
from protocols.model.observation import NumericObservation, Observation

log = logging.getLogger(__name__)

_FULL_WAIT_SECONDS: Final = 1.0


@dataclass(slots=True, kw_only=True)
class GattReception:
    """The sink of one device's links. `source` is of the present link."""

    source: DescribedSource
    health: DeviceHealth
    board: HealthBoard
    clock: Clock
    battery_low_percent: int = 20
    recording: Recording = field(default_factory=Recording)
    traces: ReportTraces | None = None
    heard: bool = False
    """Whether this link brought a value of the patient."""
    _association: str = ""
    _identity: str = ""
    _lost: int = 0
    _trail: OctetTrail = field(init=False)

    def __post_init__(self) -> None:
        self._trail = OctetTrail(self.recording.name)

    def begin(self, device: SystemId, profiles: Sequence[str]) -> None:
        """A link is set up: the device is known and its values are on."""
        health = self.health
        self.source.begin()
        health.system_id = self._identity = str(device)
        self.recording.learnt(health.system_id)
        self._association, others = self.board.begin(health.system_id, health.address)
        if others:
            log.warning(
                "two links of one identity system_id=%s others=%s",
                health.system_id,
                ",".join(others),
            )
        health.counts.associations += 1
        if health.state not in (DeviceState.RECEIVING, DeviceState.REFUSED):
            health.move(DeviceState.ASSOCIATED, at=self.clock.utc())
        log.info(
            "link set up device=%s system_id=%s profiles=%s",
            health.name,
            device,
            ",".join(profiles),
        )

    def end(self) -> None:
        """The link is over."""
        if self._association:
            self.board.end(self._identity, self._association)
            self._association = ""

    async def store(self, transcripts: Sequence[Transcript], *, received_at: float) -> None:
        """Return once everything is durable.

        While the buffer is full this waits: a radio device cannot be asked to send again, so what
        came is held as long as the link gives it room.
        """
        infos = [item.device for item in transcripts if item.device is not None]
        observations = [one for item in transcripts for one in item.observations]
        for transcript in transcripts:
            self.warn(*transcript.warnings)
        if not infos and not observations:
            return
        decoded = self.clock.monotonic()
        self._trail.advance(received=self.recording.received)
        octets = self._trail.reference
        while True:
            try:
                appended = await self.source.append(infos, observations, octets=octets)
                break
            except BufferFullError as exc:
                self._refuse(str(exc))
                await self.clock.sleep(_FULL_WAIT_SECONDS)
        if self.traces is not None:
            times = ReportTimes(received_at, decoded, self.clock.monotonic())
            self.traces.note([item.observation_id for item in observations], times)
        self.recording.decoded(octets, observations)
        counts = self.health.counts
        counts.stored += appended.stored
        counts.repeated += appended.repeated
        for info in infos:
            self.health.model = " ".join(filter(None, (info.manufacturer, info.model)))
        self._note_battery(observations)
        if observations:
            counts.reports += sum(1 for item in transcripts if item.observations)
            counts.observations += len(observations)
            self.board.delays.record(self.clock.monotonic() - received_at)

    def receiving(self) -> None:
        """A value of the patient was stored."""
        self.heard = True
        at = self.clock.utc()
        self.health.last_report_at = at
        self.health.move(DeviceState.RECEIVING, at=at)

    def warn(self, *sentences: str) -> None:
        """Tell oddities."""
        for text in sentences:
            self.health.counts.warnings += 1
            log.warning("oddity device=%s text=%r", self.health.name, text)

    def note_lost(self, total: int) -> None:
        """So many values of this link found no room."""
        if total > self._lost:
            log.error("values lost device=%s count=%d", self.health.name, total - self._lost)
            self.health.counts.missed += total - self._lost
            self._lost = total

    def _refuse(self, reason: str) -> None:
        if self.health.state is not DeviceState.REFUSED:
            log.error("values wait device=%s reason=%r", self.health.name, reason)
            self.health.counts.refused += 1
        self.health.move(DeviceState.REFUSED, at=self.clock.utc(), reason=reason)

    def _note_battery(self, observations: Sequence[Observation]) -> None:
        for item in observations:
            if isinstance(item, NumericObservation) and item.type == BATTERY_CHARGE:
                value = item.value.value
                if isinstance(value, Decimal):
                    self.note_battery(int(value))

    def note_battery(self, percent: int) -> None:
        """How full the device's battery is."""
        self.health.battery_percent = percent
        self.health.is_battery_low = percent <= self.battery_low_percent
