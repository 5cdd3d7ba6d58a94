"""ECG on paper, to scale: 25 mm a second, 10 mm a millivolt; hatched where samples are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from reportlab.lib.colors import Color
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from cloud.core.observations.recording import UNCHARTED_STATUS
from cloud.core.observations.stored import StoredObservation
from protocols.model.observation import SampleArrayObservation
from protocols.nomenclature.lookup import find_unit

LEAD_II: Final = 131330
LEADS: Final = (LEAD_II, 131328, 131329, 131389)
SPEED: Final = 25.0
"""Millimetres a second."""
GAIN: Final = 10.0
"""Millimetres a millivolt."""
HEIGHT: Final = 30.0
MOST_STRIPS: Final = 4
_MILLIVOLTS: Final = {"mV": 1.0, "uV": 0.001, "V": 1000.0}
_FINE, _BOLD = Color(0.97, 0.86, 0.86), Color(0.93, 0.68, 0.68)
_INK, _HATCH = Color(0, 0, 0), Color(0.55, 0.55, 0.55)
_TOLERANCE: Final = 0.0105
"""Devices stamp hundredths of a second: so far apart may neighbours seem to be."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples without a break: seconds since the strip's start of the first, period, millivolts."""

    start: float
    period: float
    values: Sequence[float]

    @property
    def end(self) -> float:
        """Seconds at which the next sample is due."""
        return self.start + self.period * len(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """A stretch of ECG as it is printed, and why it was chosen."""

    reason: str
    device_id: str
    type_cf: int
    starts_at: datetime
    seconds: float
    pieces: Sequence[Piece]

    @property
    def missing(self) -> list[tuple[float, float]]:
        """Stretches without samples, in seconds since the start."""
        gaps, due = [], 0.0
        for piece in self.pieces:
            if piece.start - due > piece.period / 2 + _TOLERANCE:
                gaps.append((due, piece.start))
            due = max(due, piece.end)
        if self.seconds - due > _TOLERANCE:
            gaps.append((due, self.seconds))
        return gaps


def choose_strips(
    observations: Iterable[StoredObservation],
    marks: Sequence[tuple[datetime, str]],
    *,
    seconds: float,
) -> list[Strip]:
    """The first seconds after each mark, as far as there is ECG, and the last of all.

    Of several devices and leads the one with most samples of lead II is taken throughout.
    """
    chunks = [
        _Chunk(stored.device_id, chunk)
        for stored in observations
        if isinstance(chunk := stored.observation, SampleArrayObservation)
        and chunk.type.cf_code in LEADS
        and not chunk.status.value & UNCHARTED_STATUS
    ]
    lane = _lane(chunks)
    mine = sorted((one for one in chunks if one.lane == lane), key=lambda one: one.start)
    if not mine:
        return []
    last = max(one.end for one in mine) - timedelta(seconds=seconds)
    wanted = [*marks[: MOST_STRIPS - 1], (max(last, mine[0].start), "Last ECG")]
    strips: list[Strip] = []
    for at, reason in wanted:
        if any(abs((at - one.starts_at).total_seconds()) < seconds for one in strips):
            continue
        strip = _strip(mine, at, reason, seconds)
        if strip.pieces:
            strips.append(strip)
    return sorted(strips, key=lambda one: one.starts_at)


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Consecutive samples of one device."""

    device_id: str
    samples: SampleArrayObservation

    @property
    def lane(self) -> tuple[str, int]:
        """Device and lead."""
        return self.device_id, self.samples.type.cf_code

    @property
    def start(self) -> datetime:
        """When the first sample was taken."""
        return self.samples.observed_at.at

    @property
    def end(self) -> datetime:
        """When the next sample is due."""
        return self.start + timedelta(microseconds=self.samples.period_us * self.samples.count)


class StripDrawing(Flowable):
    """One strip with its paper; exactly as wide as its seconds."""

    def __init__(self, strip: Strip, *, font: str) -> None:
        super().__init__()
        self.strip = strip
        self.width, self.height = strip.seconds * SPEED * mm, HEIGHT * mm
        self._font = font

    def draw(self) -> None:
        """On the canvas that the document gives."""
        self._draw_paper()
        for start, end in self.strip.missing:
            self._draw_gap(start, end)
        for piece in self.strip.pieces:
            self._draw_piece(piece)

    def _draw_paper(self) -> None:
        pen = self.canv
        for step, ink, width in ((1, _FINE, 0.2), (5, _BOLD, 0.4)):
            pen.setStrokeColor(ink)
            pen.setLineWidth(width)
            for column in range(0, int(self.strip.seconds * SPEED) + 1, step):
                pen.line(column * mm, 0, column * mm, self.height)
            for row in range(0, int(HEIGHT) + 1, step):
                pen.line(0, row * mm, self.width, row * mm)

    def _draw_gap(self, start: float, end: float) -> None:
        pen, left, right = self.canv, start * SPEED * mm, end * SPEED * mm
        pen.saveState()
        path = pen.beginPath()
        path.rect(left, 0, right - left, self.height)
        pen.clipPath(path, stroke=0, fill=0)
        pen.setStrokeColor(_HATCH)
        pen.setLineWidth(0.4)
        x = left - self.height
        while x < right:
            pen.line(x, 0, x + self.height, self.height)
            x += 2 * mm
        pen.restoreState()
        if end - start > 0.8:
            pen.setFont(self._font, 7)
            pen.setFillColor(_INK)
            pen.drawCentredString(
                (left + right) / 2, self.height + 1, f"no data {end - start:.1f} s"
            )

    def _draw_piece(self, piece: Piece) -> None:
        pen, middle = self.canv, self.height / 2
        pen.setStrokeColor(_INK)
        pen.setLineWidth(0.6)
        path = pen.beginPath()
        for place, value in enumerate(piece.values):
            x = (piece.start + place * piece.period) * SPEED * mm
            y = min(self.height, max(0.0, middle + value * GAIN * mm))
            (path.lineTo if place else path.moveTo)(x, y)
        pen.drawPath(path, stroke=1, fill=0)


def _strip(chunks: Sequence[_Chunk], at: datetime, reason: str, seconds: float) -> Strip:
    pieces: list[Piece] = []
    for chunk in chunks:
        start = (chunk.start - at).total_seconds()
        if start >= seconds or chunk.end <= at:
            continue
        piece = _cut(_piece(chunk.samples, start), seconds)
        if pieces and abs(piece.start - pieces[-1].end) <= piece.period / 2 + _TOLERANCE:
            before = pieces.pop()
            piece = Piece(before.start, before.period, [*before.values, *piece.values])
        if piece.values:
            pieces.append(piece)
    return Strip(
        reason=reason,
        device_id=chunks[0].device_id,
        type_cf=chunks[0].samples.type.cf_code,
        starts_at=at,
        seconds=seconds,
        pieces=pieces,
    )


def _piece(chunk: SampleArrayObservation, start: float) -> Piece:
    unit = find_unit(chunk.unit)
    factor = _MILLIVOLTS.get("" if unit is None else unit.ucum, 1.0)
    raw = np.frombuffer(chunk.samples, dtype="<i4")
    values = (raw * float(chunk.scale) + float(chunk.offset)) * factor
    return Piece(start, chunk.period_us / 1_000_000, values.tolist())


def _cut(piece: Piece, seconds: float) -> Piece:
    first = max(0, int(-piece.start / piece.period + 0.999)) if piece.start < 0 else 0
    start = piece.start + first * piece.period
    last = first + max(0, int((seconds - start) / piece.period) + 1)
    return Piece(start, piece.period, piece.values[first:last])


def _lane(chunks: Sequence[_Chunk]) -> tuple[str, int]:
    """The device and lead to print: lead II first, then whichever has most."""
    counts = Counter(chunk.lane for chunk in chunks)
    ranked = sorted(counts, key=lambda lane: (LEADS.index(lane[1]), -counts[lane], lane))
    return ranked[0] if ranked else ("", 0)
