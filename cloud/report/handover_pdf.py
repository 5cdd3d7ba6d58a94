"""The handover as a PDF: what a receiving team reads on paper, with its times, gaps and scale."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from reportlab.lib.units import mm

from cloud.core.encounters.handover import Handover
from cloud.report import told
from cloud.report.charts import CHARTS, TrendDrawing
from cloud.report.fonts import UNKNOWN, letters
from cloud.report.happened import Event, events_of, marks_of, strip_marks
from cloud.report.numbers import COLUMNS, Reading, readings_of, shown_columns, table_rows
from cloud.report.scores import score_of, score_rows, score_words
from cloud.report.sheet import WIDTH, Sheet
from cloud.report.strips import SPEED, StripDrawing, choose_strips
from protocols.model.codes import MdcCode
from protocols.nomenclature.lookup import find

STRIP_SECONDS: Final = int(WIDTH / mm / SPEED * 5) / 5
"""As much ECG as the page is wide."""
MOST_GAPS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Who prints, and when."""

    by: str
    at: datetime


def handover_pdf(handover: Handover, printed: Printed) -> bytes:
    """A4 pages; times are UTC. Identified where the handover is."""
    sheet = Sheet(letters())
    found = readings_of(handover.observations)
    marks = marks_of(handover)
    _head(sheet, handover)
    score = score_of(handover, printed.at)
    sheet.add(sheet.heading("NEWS2"), sheet.paragraph(score_words(score)))
    sheet.section("", ("Part", "Points"), score_rows(score), (2, 6))
    _numbers(sheet, found)
    _trends(sheet, found, marks)
    _strips(sheet, handover, marks)
    _told(sheet, handover)
    events = [[f"{at:%H:%M:%S}", words] for at, words in events_of(handover)]
    sheet.section("Events", ("Time", "What happened"), events, (1, 8), nothing="No events.")
    _gaps(sheet, handover)
    _devices(sheet, handover)
    if sheet.unknown:
        many = "1 letter" if sheet.unknown == 1 else f"{sheet.unknown} letters"
        words = f"{many} could not be printed with the fonts at hand: shown as {UNKNOWN}."
        sheet.add(sheet.paragraph(words))
    return sheet.printed(
        title=f"Handover {handover.vehicle_id}",
        top=(
            f"Handover {handover.encounter_id}, version {handover.version} of "
            f"{handover.updated_at:%Y-%m-%d %H:%M:%S} UTC"
        ),
        bottom=(
            f"Printed {printed.at:%Y-%m-%d %H:%M:%S} UTC by {printed.by[:60]}. "
            f"{'CONFIDENTIAL: identified' if handover.identity else 'Pseudonymised'}."
        ),
    )


def _head(sheet: Sheet, handover: Handover) -> None:
    sheet.add(sheet.paragraph(f"Ambulance handover: {handover.vehicle_id}", bold=True, size=16))
    what = "Identified" if handover.identity else "Pseudonymised: without name and free text"
    sheet.add(sheet.paragraph(f"{what}. All times are UTC."))
    sheet.section("Patient", (), told.patient_of(handover), (1, 4))
    sheet.section("Encounter", (), told.mission_of(handover), (1, 4))
    times = [["Encounter opened", f"{handover.started_at:%Y-%m-%d %H:%M:%S}"]]
    times += told.times_of(handover.record)
    if handover.handover_at is not None and handover.record.time("handover") is None:
        times.append(["Handover", f"{handover.handover_at:%Y-%m-%d %H:%M:%S}"])
    sheet.section("Times", (), times, (1, 4))


def _numbers(sheet: Sheet, found: dict[str, list[Reading]]) -> None:
    step, rows = table_rows(found)
    if not rows:
        sheet.section("Vital signs by devices", (), (), (), nothing="Devices gave no numbers.")
        return
    minutes = int(step / timedelta(minutes=1))
    every = "minute" if minutes == 1 else f"{minutes} minutes"
    places = shown_columns(rows)
    head = ["Time", *(f"{column.label} {column.unit}" for column in COLUMNS)]
    sheet.add(sheet.heading("Vital signs by devices"))
    sheet.add(
        sheet.paragraph(
            f"The newest reading of each {every}, of cuffs all of them; where nothing "
            "stands, nothing came. A question mark behind a number: the device doubts it."
        )
    )
    sheet.add(
        sheet.table(
            [head[place] for place in places],
            [[row[place] for place in places] for row in rows],
            [1.0] + [1.4] * (len(places) - 1),
        )
    )


def _trends(sheet: Sheet, found: dict[str, list[Reading]], marks: list[Event]) -> None:
    times = [reading.at for readings in found.values() for reading in readings]
    if not times:
        return
    span = (min(times), max(max(times), min(times) + timedelta(minutes=1)))
    drawings = [
        TrendDrawing(chart, found, marks, span=span, width=WIDTH, font=sheet.letters.name)
        for chart in CHARTS
        if any(label in found for label in chart.labels)
    ]
    if not drawings:
        return
    words = "Lines break where nothing came for a minute. Dashed: rhythm, shock, circulation."
    sheet.add_together(sheet.heading("Trends"), sheet.paragraph(words), drawings[0])
    sheet.add(*drawings[1:])


def _strips(sheet: Sheet, handover: Handover, marks: list[Event]) -> None:
    strips = choose_strips(handover.observations, strip_marks(marks), seconds=STRIP_SECONDS)
    names = {device.device_id: device.info.model or "device" for device in handover.devices}
    for place, strip in enumerate(strips):
        term = find(MdcCode.from_cf_code(strip.type_cf))
        lead = term.display if term is not None else "ECG"
        device = names.get(strip.device_id, "device")
        words = (
            f"{strip.reason}: {lead}, {device}, from {strip.starts_at:%H:%M:%S.%f}"[:-4]
            + " UTC. 25 mm/s, 10 mm/mV when printed at 100 %: five bold squares are 25 mm."
        )
        parts = [sheet.paragraph(words), StripDrawing(strip, font=sheet.letters.name)]
        if place == 0:
            parts.insert(0, sheet.heading("ECG"))
        sheet.add_together(*parts)
        sheet.gap(4)


def _told(sheet: Sheet, handover: Handover) -> None:
    record = handover.record
    widths = (1, 3, 3, 3)
    for title, head, rows, nothing in (
        (
            "Medications",
            ("Time", "Medicine", "Dose and way", ""),
            told.medications_of(record),
            "None told.",
        ),
        (
            "Procedures",
            ("Time", "Procedure", "How it went", ""),
            told.procedures_of(record),
            "None told.",
        ),
        ("Findings by hand", ("Time", "Finding", "Value", ""), told.findings_of(record), ""),
        (
            "Allergies and history",
            ("Time", "What", "", ""),
            told.background_of(record),
            "None told.",
        ),
    ):
        sheet.section(title, head, rows, widths, nothing=nothing)
    narrative = told.words_of(record.value("narrative"))
    if narrative:
        sheet.add(sheet.heading("Narrative"), sheet.paragraph(narrative))


def _gaps(sheet: Sheet, handover: Handover) -> None:
    names = {device.device_id: device.info.model or "device" for device in handover.devices}
    rows = []
    for gap in handover.gaps[:MOST_GAPS]:
        term = find(MdcCode.from_cf_code(gap.type_cf))
        seconds = (gap.to_at - gap.from_at).total_seconds()
        rows.append(
            [
                f"{gap.from_at:%H:%M:%S}",
                f"{seconds:.1f} s",
                f"{gap.samples} samples",
                f"{term.display if term else gap.type_cf}, {names.get(gap.device_id, 'device')}",
            ]
        )
    sheet.section(
        "Gaps in the curves",
        ("From", "For", "Missing", "Curve"),
        rows,
        (1, 1, 1.5, 4),
        nothing="None: every sample that a device sent is here.",
    )
    left = len(handover.gaps) - MOST_GAPS
    if left > 0:
        sheet.add(sheet.paragraph(f"And {left} more, in the electronic record."))


def _devices(sheet: Sheet, handover: Handover) -> None:
    rows = [
        [
            " ".join(filter(None, (device.info.manufacturer, device.info.model))) or "device",
            device.device_class or "",
            device.info.serial_number,
            str(device.info.system_id),
        ]
        for device in handover.devices
    ]
    sheet.section("Devices", ("Device", "Kind", "Serial number", "System-Id"), rows, (3, 1.5, 2, 3))
