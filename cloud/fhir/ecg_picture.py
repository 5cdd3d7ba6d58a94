"""An ECG drawn as on paper: 25 mm a second, 10 mm a millivolt, as SVG of our own making.

Twelve leads stand in the usual four columns of two and a half seconds over ten seconds of lead II;
fewer stand below each other. The picture holds no name: whose it is, is told beside it. The same
leads give the same octets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from html import escape
from typing import Final

import numpy as np
import numpy.typing as npt

from cloud.fhir import terms
from cloud.fhir.strips import Leads, Strip

MEDIA_TYPE: Final = "image/svg+xml"
TWELVE: Final = 12
MOST_DRAWN: Final = 12
PAUSE: Final = timedelta(seconds=10)
_UNITS_PER_MM: Final = 10
_MM_PER_SECOND: Final = 25
_MM_PER_MILLIVOLT: Final = 10
_ROW: Final = 25 * _UNITS_PER_MM
_MARGIN: Final = 10 * _UNITS_PER_MM
_HEAD: Final = 15 * _UNITS_PER_MM
_WIDTH: Final = 10 * _MM_PER_SECOND * _UNITS_PER_MM
_COLUMNS: Final = 4
_RHYTHM: Final = 258  # MDC_ECG_ELEC_POTL_II
_MILLIVOLTS: Final = {"mV": Decimal(1), "uV": Decimal("0.001")}
_PULSE: Final = 5 * _UNITS_PER_MM
_Points = npt.NDArray[np.int64]
_STYLE: Final = (
    "text{font:30px sans-serif;fill:#222}path{fill:none}"
    ".a{stroke:#f3c6c6;stroke-width:1}.b{stroke:#e79a9a;stroke-width:2}"
    ".c{stroke:#111;stroke-width:3;stroke-linejoin:round}"
)


@dataclass(frozen=True, slots=True)
class _Trace:
    """Part of a strip, where it stands: `left` and `middle` in tenths of a millimetre."""

    strip: Strip
    label: str
    left: int
    middle: int
    first: float
    seconds: float


def can_be_drawn(leads: Leads) -> bool:
    """Whether every lead is in volts and there is a second of it at least."""
    return all(
        terms.ucum_of(strip.first.unit) in _MILLIVOLTS
        and strip.count * strip.first.period_us >= 1_000_000
        for strip in leads.strips
    )


def recordings(groups: Sequence[Leads]) -> list[Leads]:
    """Which of the ECGs are drawn: of each recording the first that is long enough.

    Recordings are apart where a device paused for longer than a strip; `MOST_DRAWN` at most.
    """
    found: list[Leads] = []
    ended: dict[str, datetime] = {}
    drawn: set[str] = set()
    for leads in sorted(groups, key=lambda one: one.start):
        device = leads.chunks[0].device_id
        before = ended.get(device)
        if before is None or leads.start - before > PAUSE:
            drawn.discard(device)
        if device not in drawn and can_be_drawn(leads):
            found.append(leads)
            drawn.add(device)
        ended[device] = leads.end
    return found[:MOST_DRAWN]


def draw(leads: Leads, title: str) -> bytes:
    """The picture; `title` is written above it. AssertionError for what `can_be_drawn` denies."""
    if not can_be_drawn(leads):
        raise AssertionError("an ECG is drawn of leads in volts")
    traces, rows = _layout(leads)
    width, height = _WIDTH + 2 * _MARGIN, _HEAD + rows * _ROW + _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width // _UNITS_PER_MM}mm" height="{height // _UNITS_PER_MM}mm">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        _grid(1, rows, "a"),
        _grid(5, rows, "b"),
        f'<text x="{_MARGIN}" y="50">{escape(title)}</text>',
        f'<text x="{_MARGIN}" y="95">{_MM_PER_SECOND} mm/s, {_MM_PER_MILLIVOLT} mm/mV</text>',
        *(_calibration(row) for row in range(rows)),
        *(line for trace in traces for line in _drawn(trace)),
        "</svg>",
    ]
    return "".join(parts).encode()


def _layout(leads: Leads) -> tuple[list[_Trace], int]:
    by_place = list(leads.strips)
    if len(by_place) != TWELVE:
        return [_trace(strip, _MARGIN, row, 0.0, 10.0) for row, strip in enumerate(by_place)], len(
            by_place
        )
    rows, seconds = TWELVE // _COLUMNS, 10.0 / _COLUMNS
    traces = [
        _trace(
            strip,
            _MARGIN + place // rows * (_WIDTH // _COLUMNS),
            place % rows,
            place // rows * seconds,
            seconds,
        )
        for place, strip in enumerate(by_place)
    ]
    rhythm = next((strip for strip in by_place if strip.first.type.term == _RHYTHM), by_place[0])
    return [*traces, _trace(rhythm, _MARGIN, rows, 0.0, 10.0)], rows + 1


def _trace(strip: Strip, left: int, row: int, first: float, seconds: float) -> _Trace:
    label = terms.label(strip.first.type).removeprefix("ECG lead ")
    middle = _HEAD + row * _ROW + _ROW // 2
    return _Trace(strip, label, left, middle, first, seconds)


def _grid(step: int, rows: int, style: str) -> str:
    """Lines every so many millimetres."""
    wide, high, pace = _WIDTH, rows * _ROW, step * _UNITS_PER_MM
    upright = "".join(f"M{_MARGIN + x} {_HEAD}v{high}" for x in range(0, wide + 1, pace))
    level = "".join(f"M{_MARGIN} {_HEAD + y}h{wide}" for y in range(0, high + 1, pace))
    return f'<path class="{style}" d="{upright}{level}"/>'


def _calibration(row: int) -> str:
    """One millivolt for a fifth of a second, left of the row."""
    middle = _HEAD + row * _ROW + _ROW // 2
    high = _MM_PER_MILLIVOLT * _UNITS_PER_MM
    return f'<path class="c" d="M{_MARGIN - _PULSE - 20} {middle}h10v-{high}h{_PULSE}v{high}h10"/>'


def _drawn(trace: _Trace) -> Iterator[str]:
    heights = _heights(trace.strip)
    per_second = 1_000_000 / trace.strip.first.period_us
    first = round(trace.first * per_second)
    part = heights[first : first + round(trace.seconds * per_second)]
    yield f'<text x="{trace.left + 10}" y="{trace.middle - 90}">{escape(trace.label)}</text>'
    if part.size:
        xs, ys = _columns(part, _MM_PER_SECOND * _UNITS_PER_MM / per_second)
        steps = zip(np.diff(xs).tolist(), (-np.diff(ys)).tolist(), strict=True)
        start = f"M{trace.left + int(xs[0])} {trace.middle - int(ys[0])}"
        line = "".join([f"l{across} {down}" for across, down in steps])
        yield f'<path class="c" d="{start}{line}"/>'


def _heights(strip: Strip) -> _Points:
    """Every sample in tenths of a millimetre above the middle."""
    chunk = strip.first
    unit = _MILLIVOLTS[terms.ucum_of(chunk.unit) or ""]
    step = float(chunk.scale * unit * _MM_PER_MILLIVOLT * _UNITS_PER_MM)
    base = float(chunk.offset * unit * _MM_PER_MILLIVOLT * _UNITS_PER_MM)
    heights: _Points = np.rint(strip.samples * step + base).astype(np.int64)
    return heights.clip(-_ROW, _ROW)


def _columns(heights: _Points, width: float) -> tuple[_Points, _Points]:
    """Points of the line: where several samples share a column, its lowest and highest."""
    at = (np.arange(heights.size) * width).astype(np.int64)
    begins = np.flatnonzero(np.diff(at, prepend=-1))
    lows = np.minimum.reduceat(heights, begins)
    highs = np.maximum.reduceat(heights, begins)
    # Of both ends of a column, the one nearer to where it begins comes first.
    is_rising = heights[begins] - lows <= highs - heights[begins]
    firsts, seconds = np.where(is_rising, lows, highs), np.where(is_rising, highs, lows)
    xs = np.repeat(at[begins], 2)
    ys = np.column_stack((firsts, seconds)).ravel()
    is_point = np.ones(xs.size, dtype=bool)
    is_point[1::2] = firsts != seconds
    return xs[is_point], ys[is_point]
