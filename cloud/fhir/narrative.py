"""The words of the handover: what a person reads when nothing else can be filed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import Final

from cloud.core.encounters.handover import WaveformGap
from cloud.core.observations.stored import StoredObservation
from cloud.fhir import terms
from cloud.fhir.json import Element
from cloud.fhir.procedure import Shock
from cloud.fhir.status import absence
from cloud.fhir.times import clock_time
from protocols.model.codes import MdcCode
from protocols.model.observation import (
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity

_XHTML: Final = "http://www.w3.org/1999/xhtml"
MOST_LINES: Final = 200
_COLUMNS: Final = ("Vital sign", "Device", "First", "Lowest", "Highest", "Last", "Readings")


def div(*parts: str) -> Element:
    """A section's text of XHTML parts, which are escaped already."""
    return {"status": "generated", "div": f'<div xmlns="{_XHTML}">{"".join(parts)}</div>'}


def paragraph(text: str) -> str:
    """One paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def lines(texts: Sequence[str], *, otherwise: str = "Nothing was told.") -> str:
    """Plain texts as a list, or one sentence where there are none."""
    return _list(texts) if texts else paragraph(otherwise)


@dataclass(slots=True)
class _Series:
    """The numbers of one vital sign from one device."""

    label: str
    device: str
    unit: str
    first: Decimal | None = None
    lowest: Decimal | None = None
    highest: Decimal | None = None
    last: Decimal | None = None
    count: int = 0
    absent: int = 0

    def take(self, number: Decimal | None) -> None:
        """Count one reading."""
        if number is None:
            self.absent += 1
            return
        self.count += 1
        self.last = number
        if self.lowest is None or self.highest is None:
            self.first = self.lowest = self.highest = number
        elif number < self.lowest:
            self.lowest = number
        elif number > self.highest:
            self.highest = number


def vital_signs_table(readings: Iterable[StoredObservation], devices: Mapping[str, str]) -> str:
    """First, lowest, highest and last value of every vital sign and how many readings there are.

    `devices` are the names of devices by their id.
    """
    series: dict[tuple[str, int], _Series] = {}
    for stored in readings:
        is_void = absence(stored.observation.status) is not None
        for code, quantity in _numbers(stored):
            key = (stored.device_id, code.cf_code)
            one = series.get(key)
            if one is None:
                device = devices.get(stored.device_id, "")
                unit = terms.unit_text(quantity.unit)
                one = series[key] = _Series(terms.label(code), device, unit)
            one.take(None if is_void else quantity.number)
    if not series:
        return paragraph("No vital signs were recorded by the devices.")
    rows = "".join(_row(one) for one in series.values())
    head = "".join(f"<th>{title}</th>" for title in _COLUMNS)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _numbers(stored: StoredObservation) -> Sequence[tuple[MdcCode, Quantity]]:
    observation = stored.observation
    if isinstance(observation, NumericObservation):
        is_private = terms.is_private(observation.type)
        return () if is_private else ((observation.type, observation.value),)
    if isinstance(observation, CompoundNumericObservation):
        return () if terms.is_private(observation.type) else observation.components
    return ()


def _row(one: _Series) -> str:
    absent = f" and {one.absent} without a value" if one.absent else ""
    shown = (one.first, one.lowest, one.highest, one.last)
    cells = ["-" if value is None else f"{value} {one.unit}".rstrip() for value in shown]
    texts = [one.label, one.device, *cells, f"{one.count}{absent}"]
    return "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in texts) + "</tr>"


def event_list(events: Sequence[StoredObservation]) -> str:
    """The events with their times, in order."""
    if not events:
        return paragraph("No events were reported by the devices.")
    lines = [f"{clock_time(one.observation.observed_at.at)} {event_text(one)}" for one in events]
    return _list(lines)


def event_text(stored: StoredObservation) -> str:
    """One event in words."""
    observation = stored.observation
    match observation:
        case CodedObservation():
            return terms.label(observation.value)
        case TextObservation():
            return observation.text
        case NumericObservation():
            quantity = observation.value
            number = quantity.number if quantity.number is not None else "no value"
            text = f"{terms.label(observation.type)}: {number} {terms.unit_text(quantity.unit)}"
            return text.rstrip()
        case _:
            return terms.label(observation.type)


def shock_list(shocks: Sequence[Shock]) -> str:
    """The shocks, numbered."""
    lines = []
    for number, shock in enumerate(shocks, start=1):
        at = clock_time(shock.told_by.observation.observed_at.at)
        lines.append(f"{at} shock {number}" + (f", {shock.energy}" if shock.energy else ""))
    return _list(lines)


def gap_list(gaps: Sequence[WaveformGap]) -> str:
    """Every stretch of waveform that is missing, with its count of samples."""
    if not gaps:
        return paragraph("No gaps are known in the waveforms.")
    lines = []
    for gap in gaps:
        seconds = (gap.to_at - gap.from_at).total_seconds()
        label = terms.label(MdcCode.from_cf_code(gap.type_cf))
        lines.append(
            f"{label}: {gap.samples} samples missing between {clock_time(gap.from_at)} and "
            f"{clock_time(gap.to_at)} ({seconds:.1f} s)"
        )
    total = sum(gap.samples for gap in gaps)
    return paragraph(f"{total} waveform samples never reached the gateway.") + _list(lines)


def _list(lines: Sequence[str]) -> str:
    shown = "".join(f"<li>{escape(line)}</li>" for line in lines[:MOST_LINES])
    more = len(lines) - MOST_LINES
    return f"<ul>{shown}</ul>" + (paragraph(f"{more} more are in the entries.") if more > 0 else "")
