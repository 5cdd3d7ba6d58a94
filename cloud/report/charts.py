"""The trend picture: one chart a unit, gaps left open, pressures as bars, events as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reportlab.lib.colors import Color
from reportlab.lib.units import mm
from reportlab.platypus import Flowable

from cloud.report.numbers import PRESSURE, Reading

HEIGHT: Final = 24.0
MOST_POINTS: Final = 1500
_LEFT: Final = 24.0
_BREAK: Final = timedelta(seconds=60)
_GRID, _INK, _MARK = Color(0.85, 0.85, 0.85), Color(0, 0, 0), Color(0.6, 0.1, 0.1)
_SOFT: Final = Color(0.35, 0.35, 0.35)


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns that share a unit, and the usual range of it."""

    labels: tuple[str, ...]
    unit: str
    low: float
    high: float


CHARTS: Final = (
    Chart(("HR", "Pulse"), "/min", 0, 200),
    Chart(("SpO\u2082",), "%", 60, 100),
    Chart((PRESSURE,), "mmHg", 20, 220),
    Chart(("etCO\u2082",), "mmHg", 0, 80),
    Chart(("RR",), "/min", 0, 50),
    Chart(("Temp",), "\u00b0C", 32, 42),
)


def thinned(readings: Sequence[Reading]) -> list[Reading]:
    """As many readings as paper shows: of each stretch the lowest and the highest."""
    counted = [reading for reading in readings if reading.numbers]
    each = 2 * len(counted) // MOST_POINTS
    if each < 2:
        return counted
    kept: list[Reading] = []
    for first in range(0, len(counted), each):
        stretch = counted[first : first + each]
        ends = {
            id(one): one
            for one in (
                min(stretch, key=lambda one: one.numbers[0]),
                max(stretch, key=lambda one: one.numbers[0]),
            )
        }
        kept += sorted(ends.values(), key=lambda one: one.at)
    return kept


class TrendDrawing(Flowable):
    """One chart over the whole encounter."""

    def __init__(
        self,
        chart: Chart,
        found: Mapping[str, Sequence[Reading]],
        marks: Sequence[tuple[datetime, str]],
        *,
        span: tuple[datetime, datetime],
        width: float,
        font: str,
    ) -> None:
        super().__init__()
        self.width, self.height = width, (HEIGHT + 11) * mm
        self._chart = chart
        self._found = {label: thinned(found[label]) for label in chart.labels if label in found}
        self._marks = marks
        self._from, self._to = span
        self._font = font
        numbers = [
            float(number)
            for readings in self._found.values()
            for reading in readings
            for number in reading.numbers
        ]
        # Nothing is cut off: what lies outside the usual range makes it wider.
        self._low = min([chart.low, *numbers])
        self._high = max([chart.high, *numbers])

    def draw(self) -> None:
        """On the canvas that the document gives."""
        self._draw_axes()
        for at, _ in self._marks:
            if self._from <= at <= self._to:
                self._dashed(self._x(at))
        for place, (label, readings) in enumerate(self._found.items()):
            if label == PRESSURE:
                self._draw_bars(readings)
            else:
                self._draw_line(readings, dashed=place > 0)

    def _x(self, at: datetime) -> float:
        share = (at - self._from) / (self._to - self._from)
        return float(_LEFT * mm + share * (self.width - _LEFT * mm))

    def _y(self, number: float) -> float:
        share = (number - self._low) / (self._high - self._low)
        return float(4 * mm + share * HEIGHT * mm)

    def _draw_axes(self) -> None:
        pen = self.canv
        pen.setFont(self._font, 7)
        pen.setLineWidth(0.3)
        for number in (self._low, (self._low + self._high) / 2, self._high):
            pen.setStrokeColor(_GRID)
            pen.line(_LEFT * mm, self._y(number), self.width, self._y(number))
            pen.setFillColor(_SOFT)
            pen.drawRightString((_LEFT - 1.5) * mm, self._y(number) - 2, f"{number:.4g}")
        pen.setFillColor(_INK)
        names = ", ".join(
            f"{label} (dashed)" if place else label for place, label in enumerate(self._found)
        )
        pen.drawString(0, (HEIGHT + 6.5) * mm, f"{names} {self._chart.unit}")
        pen.setFillColor(_SOFT)
        form = "%H:%M" if self._to - self._from > timedelta(minutes=10) else "%H:%M:%S"
        for share in (0.0, 0.5, 1.0):
            at = self._from + (self._to - self._from) * share
            text = at.strftime(form)
            draw = {0.0: pen.drawString, 0.5: pen.drawCentredString, 1.0: pen.drawRightString}
            draw[share](self._x(at), 0, text)

    def _dashed(self, x: float) -> None:
        pen = self.canv
        pen.saveState()
        pen.setStrokeColor(_MARK)
        pen.setLineWidth(0.4)
        pen.setDash(1.5, 1.5)
        pen.line(x, 4 * mm, x, (HEIGHT + 4) * mm)
        pen.restoreState()

    def _draw_line(self, readings: Sequence[Reading], *, dashed: bool) -> None:
        pen = self.canv
        pen.saveState()
        pen.setStrokeColor(_INK)
        pen.setFillColor(_INK)
        pen.setLineWidth(0.8)
        if dashed:
            pen.setDash(2, 1)
        path, last = pen.beginPath(), None
        for reading in readings:
            if not reading.numbers:
                continue
            x, y = self._x(reading.at), self._y(float(reading.numbers[0]))
            if last is None or reading.at - last > _BREAK:
                path.moveTo(x, y)
                pen.circle(x, y, 0.5, stroke=0, fill=1)
            else:
                path.lineTo(x, y)
            last = reading.at
        pen.drawPath(path, stroke=1, fill=0)
        pen.restoreState()

    def _draw_bars(self, readings: Sequence[Reading]) -> None:
        pen = self.canv
        pen.setStrokeColor(_INK)
        pen.setLineWidth(0.9)
        for reading in readings:
            if len(reading.numbers) < 2:
                continue
            x = self._x(reading.at)
            top, bottom = (self._y(float(number)) for number in reading.numbers[:2])
            pen.line(x, bottom, x, top)
            for y in (top, bottom):
                pen.line(x - 1.2 * mm, y, x + 1.2 * mm, y)
