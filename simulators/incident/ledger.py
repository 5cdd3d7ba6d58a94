"""The ledger of an incident: what the devices made against what came out at the other end.

Three witnesses are compared reading by reading, by identity and exact value: the devices'
journals, the cloud's store and the hospital's bundle. Counts alone could agree by accident.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from simulators.journal import DeviceRecord, MadeReading

_SHOWN_DIFFERENCES: Final = 5


@dataclass(frozen=True, slots=True)
class StoredReading:
    """One reading as the cloud gives it back over its API; waveforms are only counted there."""

    observation_id: UUID
    type_cf: int
    value: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class BundledReading:
    """One reading as the hospital's bundle holds it."""

    observation_id: UUID
    type_cf: int
    value: str


@dataclass(frozen=True, slots=True)
class Witnesses:
    """What cloud and bundle say about one device.

    `live_stored` counts waveform samples in the store, `gap_samples` those the cloud's own timeline
    misses. Waveform readings of the bundle are among `bundled`.
    """

    stored: Sequence[StoredReading]
    bundled: Sequence[BundledReading]
    live_stored: int = 0
    gap_samples: int = 0


@dataclass(slots=True)
class DeviceLedger:
    """One line of the ledger. Counts are readings; for the live lane they are samples."""

    name: str
    made: int = 0
    confirmed: int = 0
    stored: int = 0
    bundled: int = 0
    duplicates: int = 0
    live_made: int = 0
    live_stored: int = 0
    live_bundled: int = 0
    gap_samples: int = 0
    differences: list[str] = field(default_factory=list)

    @property
    def live_missing(self) -> int:
        """Live samples that never reached the cloud."""
        return self.live_made - self.live_stored

    @property
    def reconciles(self) -> bool:
        """Made = confirmed = stored = in the bundle, value by value, nothing twice or invented."""
        return (
            not self.differences
            and self.duplicates == 0
            and self.made == self.confirmed == self.stored == self.bundled
            and self.live_stored == self.live_bundled
            and self.live_missing == self.gap_samples
        )


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds from the making of a reading: to the confirm at the device, to the cloud's row."""

    to_confirm: tuple[float, ...]
    to_cloud: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Ledger:
    """All devices of one incident."""

    devices: tuple[DeviceLedger, ...]
    delays: Delays

    @property
    def reconciles(self) -> bool:
        """Whether every device's line does, and there was something to reconcile at all."""
        return (
            bool(self.devices)
            and all(device.reconciles for device in self.devices)
            and sum(device.made + device.live_made for device in self.devices) > 0
        )


def draw_up(records: Sequence[DeviceRecord], witnesses: Mapping[str, Witnesses]) -> Ledger:
    """The ledger of these devices; `witnesses` by device name."""
    nothing = Witnesses((), ())
    lines = tuple(_line(record, witnesses.get(record.name, nothing)) for record in records)
    to_confirm, to_cloud = [], []
    for record in records:
        received = {
            one.observation_id: one.received_at
            for one in witnesses.get(record.name, nothing).stored
        }
        for reading in record.made.values():
            confirmed = record.confirmed_at.get(reading.observation_id)
            if confirmed is not None:
                to_confirm.append((confirmed - reading.made_at).total_seconds())
            stored = received.get(reading.observation_id)
            if stored is not None:
                to_cloud.append((stored - reading.made_at).total_seconds())
    return Ledger(lines, Delays(tuple(sorted(to_confirm)), tuple(sorted(to_cloud))))


def percentile(values: Sequence[float], part: float) -> float | None:
    """The value below which `part` (0..1) of the sorted `values` lie; None without values."""
    if not values:
        return None
    return values[min(len(values) - 1, int(part * len(values)))]


def _line(record: DeviceRecord, witness: Witnesses) -> DeviceLedger:
    stored, bundled = witness.stored, witness.bundled
    line = DeviceLedger(
        record.name, live_stored=witness.live_stored, gap_samples=witness.gap_samples
    )
    line.duplicates = _repeats([one.observation_id for one in stored]) + _repeats(
        [one.observation_id for one in bundled]
    )
    stored_by_id = {one.observation_id: one for one in stored}
    bundled_by_id = {one.observation_id: one for one in bundled}
    notes = _Notes(record.name)
    for reading in record.made.values():
        in_store = stored_by_id.get(reading.observation_id)
        in_bundle = bundled_by_id.get(reading.observation_id)
        _count(line, record, reading, in_store is not None, in_bundle is not None)
        notes.compare(reading, in_store, in_bundle, record)
    for where, known in (("stored", stored_by_id), ("in the bundle", bundled_by_id)):
        for stranger in known.keys() - record.made.keys():
            notes.add("invented", f"{stranger} is {where}, but the device never made it")
    if line.live_stored != line.live_bundled:
        notes.add(
            "live",
            f"{line.live_stored} live samples are stored, {line.live_bundled} are in the bundle "
            "as they were made",
        )
    if line.live_missing != line.gap_samples:
        notes.add(
            "gap",
            f"{line.live_missing} live samples are missing, "
            f"the cloud's timeline shows a gap of {line.gap_samples}",
        )
    line.differences = notes.sentences()
    return line


def _count(
    line: DeviceLedger,
    record: DeviceRecord,
    reading: MadeReading,
    stored: bool,
    bundled: bool,
) -> None:
    if reading.live:
        line.live_made += reading.samples
        line.live_bundled += reading.samples * bundled
    else:
        line.made += 1
        line.confirmed += reading.observation_id in record.confirmed_at
        line.stored += stored
        line.bundled += bundled


def _repeats(ids: Sequence[UUID]) -> int:
    return sum(count - 1 for count in Counter(ids).values())


class _Notes:
    """Differences in plain words, the first few of each kind in full."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._by_kind: dict[str, list[str]] = {}

    def add(self, kind: str, sentence: str) -> None:
        self._by_kind.setdefault(kind, []).append(f"{self._device}: {sentence}.")

    def compare(
        self,
        reading: MadeReading,
        stored: StoredReading | None,
        bundled: BundledReading | None,
        record: DeviceRecord,
    ) -> None:
        what = f"{reading.type} of device time {reading.device_time}"
        if not reading.live:
            if reading.observation_id not in record.confirmed_at:
                self.add("unconfirmed", f"{what} was made but never confirmed")
            if stored is None:
                self.add("unstored", f"{what} is not stored")
            if bundled is None:
                self.add("unbundled", f"{what} is not in the bundle")
        for where, other in (("the store", stored), ("the bundle", bundled)):
            if other is None:
                continue
            if other.value != reading.value:
                self.add("value", f"{what} was {reading.value}, {where} says {other.value}")
            if other.type_cf != reading.type.cf_code:
                self.add("type", f"{what} has type {other.type_cf} in {where}")

    def sentences(self) -> list[str]:
        lines: list[str] = []
        for sentences in self._by_kind.values():
            lines.extend(sentences[:_SHOWN_DIFFERENCES])
            if len(sentences) > _SHOWN_DIFFERENCES:
                more = len(sentences) - _SHOWN_DIFFERENCES
                lines.append(f"{self._device}: and {more} more of this kind.")
        return lines
