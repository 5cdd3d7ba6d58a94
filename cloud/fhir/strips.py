"""Waveform chunks joined into strips of at most ten seconds, never over a gap.

Strips follow a fixed ten-second grid of UTC, so a chunk that arrives late changes only the strip
it belongs to, and the strips of a trend are the very strips of the full record.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud.core.observations.gaps import DEVICE_CLOCK_STEP
from cloud.core.observations.stored import StoredObservation
from protocols.model.codes import MdcCode
from protocols.model.observation import SAMPLE_OCTETS, SampleArrayObservation

STRIP_SECONDS: Final = 10
_SCADA: Final = 2
_ECG_LEADS: Final = range(256, 384)
_LIMB_LEADS: Final = (257, 258, 317, 318, 319, 320)
"""I, II, III, aVR, aVL, aVF, in the order a printed ECG has them; the chest leads follow."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Consecutive samples of one waveform of one device.

    `chunks` are the readings it was made of, in order, all of one scale, period and status;
    `octets` are the device's integers as the chunks hold them.
    """

    chunks: tuple[StoredObservation, ...]
    first: SampleArrayObservation
    start: datetime
    octets: bytes

    @property
    def count(self) -> int:
        """How many samples."""
        return len(self.octets) // SAMPLE_OCTETS

    @property
    def samples(self) -> npt.NDArray[np.int32]:
        """The device's integers."""
        return np.frombuffer(self.octets, dtype="<i4")

    @property
    def end(self) -> datetime:
        """The time of the last sample."""
        return self.start + _span(self.count - 1, self.first.period_us)


_Piece = tuple[datetime, int, bytes, StoredObservation, SampleArrayObservation]
"""Part of one chunk, at most ten seconds of samples: its start, the chunk's id as a number, the
samples' octets, and what it is a part of. The first two order pieces."""


def strips(readings: Iterable[StoredObservation]) -> list[Strip]:
    """Every strip of the waveforms among `readings`, in the order of their start.

    Chunks may come in any order; empty ones are left out.
    """
    lanes: dict[tuple[object, ...], list[_Piece]] = {}
    for stored in readings:
        chunk = stored.observation
        if isinstance(chunk, SampleArrayObservation) and chunk.count:
            lane = (stored.device_id, chunk.type.cf_code, chunk.supplements)
            lanes.setdefault(lane, []).extend(_pieces(stored, chunk))
    found = [strip for pieces in lanes.values() for strip in _join(pieces)]
    return sorted(found, key=_by_lane)


def _by_lane(strip: Strip) -> tuple[object, ...]:
    first = strip.first
    return strip.start, first.type, strip.chunks[0].device_id, first.supplements


@dataclass(frozen=True, slots=True)
class Leads:
    """Strips of several ECG leads of one device that begin together and are equally long."""

    strips: tuple[Strip, ...]

    @property
    def start(self) -> datetime:
        """The time of the first samples."""
        return self.strips[0].start

    @property
    def end(self) -> datetime:
        """The time of the last samples."""
        return self.strips[0].end

    @property
    def chunks(self) -> tuple[StoredObservation, ...]:
        """The readings all of them were made of."""
        return tuple(chunk for strip in self.strips for chunk in strip.chunks)


Wave = Strip | Leads


def by_leads(found: Iterable[Strip]) -> list[Wave]:
    """The same strips, those of one ECG put together; in the order of their start."""
    groups: dict[tuple[object, ...], list[Strip]] = {}
    for strip in found:
        alone = () if is_ecg_lead(strip.first.type) else (strip.first.type,)
        key = (strip.start, strip.chunks[0].device_id, strip.count, *_pace(strip), *alone)
        groups.setdefault(key, []).append(strip)
    return [_together(strips) for strips in groups.values()]


def is_ecg_lead(code: MdcCode) -> bool:
    """Whether a term is one of ECG: 10101 numbers the leads from MDC_ECG_ELEC_POTL on."""
    return code.partition == _SCADA and code.term in _ECG_LEADS


def _pace(strip: Strip) -> tuple[object, ...]:
    return (strip.first.period_us, strip.first.status, strip.first.supplements)


def _together(strips: Sequence[Strip]) -> Wave:
    if len(strips) == 1:
        return strips[0]
    return Leads(tuple(sorted(strips, key=lambda strip: _place(strip.first.type))))


def _place(code: MdcCode) -> tuple[int, int]:
    """Where a printed ECG has the lead."""
    if code.term in _LIMB_LEADS:
        return (0, _LIMB_LEADS.index(code.term))
    return (1, code.term)


def _pieces(stored: StoredObservation, chunk: SampleArrayObservation) -> list[_Piece]:
    longest = max(1, STRIP_SECONDS * 1_000_000 // chunk.period_us)
    start, name = chunk.observed_at.at, chunk.observation_id.int
    if chunk.count <= longest:
        return [(start, name, chunk.samples, stored, chunk)]
    found = []
    for first in range(0, chunk.count, longest):
        part = chunk.samples[first * SAMPLE_OCTETS : (first + longest) * SAMPLE_OCTETS]
        found.append((start + _span(first, chunk.period_us), name, part, stored, chunk))
    return found


def _join(pieces: list[_Piece]) -> Iterator[Strip]:
    pieces.sort(key=_by_start)
    run: list[_Piece] = []
    octets, due, limit = 0, pieces[0][0], pieces[0][0]
    last = pieces[0][4]
    for piece in pieces:
        start, _, samples, _, chunk = piece
        if run and not (
            start < limit
            and _are_alike(last, chunk)
            and _fits(octets + len(samples), chunk.period_us)
            and _follows(due, start, chunk.period_us)
        ):
            yield _strip(run)
            run, octets = [], 0
        if not run:
            limit = _cell_end(start)
        run.append(piece)
        octets += len(samples)
        last, due = chunk, start + _span(len(samples) // SAMPLE_OCTETS, chunk.period_us)
    yield _strip(run)


def _by_start(piece: _Piece) -> tuple[datetime, int]:
    return piece[0], piece[1]


def _fits(octets: int, period_us: int) -> bool:
    """Whether so many octets of samples are no longer than a strip may be."""
    return octets // SAMPLE_OCTETS * period_us <= STRIP_SECONDS * 1_000_000


def _follows(due: datetime, start: datetime, period_us: int) -> bool:
    """Whether a piece goes on where the one before it ended.

    Devices stamp hundredths of a second, so neighbours may seem a little apart.
    """
    apart = start - due if start > due else due - start
    return apart <= DEVICE_CLOCK_STEP or 2 * apart <= timedelta(microseconds=period_us)


def _are_alike(one: SampleArrayObservation, other: SampleArrayObservation) -> bool:
    """Whether the samples of both mean the same: scale, pace, unit and status."""
    return (
        one.period_us == other.period_us
        and (one.scale is other.scale or one.scale == other.scale)
        and (one.offset is other.offset or one.offset == other.offset)
        and (one.unit is other.unit or one.unit == other.unit)
        and one.status is other.status
    )


def _cell_end(at: datetime) -> datetime:
    """Where the grid cell of a moment ends."""
    cell = int(at.timestamp() // STRIP_SECONDS)
    return datetime.fromtimestamp((cell + 1) * STRIP_SECONDS, UTC)


def _strip(run: Sequence[_Piece]) -> Strip:
    octets = b"".join([piece[2] for piece in run])
    return Strip(tuple([piece[3] for piece in run]), run[0][4], run[0][0], octets)


@lru_cache(maxsize=256)
def _span(samples: int, period_us: int) -> timedelta:
    return timedelta(microseconds=samples * period_us)
