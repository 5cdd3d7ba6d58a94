"""ECG on paper: where it stands, what is missing, which stretches are chosen."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from cloud.core.observations.stored import StoredObservation
from cloud.report.strips import GAIN, SPEED, Strip, StripDrawing, choose_strips
from protocols.model.codes import UnitCode
from protocols.model.observation import SampleArrayObservation
from tests.fixtures.handovers import DEFIBRILLATOR, PERIOD_US, START, ecg


def chunks(seconds: float, *, hole: tuple[float, float] = (0, 0)) -> list[StoredObservation]:
    starts = [0.2 * place for place in range(int(seconds * 5))]
    return [
        ecg(START + timedelta(seconds=start), [1000] * 50)
        for start in starts
        if not hole[0] <= start < hole[1]
    ]


def test_a_whole_stretch_is_one_piece_and_misses_nothing() -> None:
    (strip,) = choose_strips(chunks(8), [(START, "Shock")], seconds=7)
    assert (strip.reason, strip.missing) == ("Shock", [])
    assert len(strip.pieces) == 1
    assert len(strip.pieces[0].values) == 7 * 1_000_000 // PERIOD_US


def test_missing_samples_are_a_gap_of_their_own_length() -> None:
    (strip,) = choose_strips(chunks(8, hole=(2, 3.4)), [(START, "Shock")], seconds=7)
    ((start, end),) = strip.missing
    assert (round(start, 3), round(end, 3)) == (2.0, 3.4)
    assert len(strip.pieces) == 2


def test_marks_close_together_share_a_strip_and_the_end_has_its_own() -> None:
    marks = [(START, "Fibrillation"), (START + timedelta(seconds=3), "Shock")]
    strips = choose_strips(chunks(30), marks, seconds=7)
    assert [one.reason for one in strips] == ["Fibrillation", "Last ECG"]
    assert strips[-1].starts_at == START + timedelta(seconds=23)


def test_of_two_devices_the_one_with_more_is_taken_and_none_gives_none() -> None:
    other = [ecg(START, device=DEFIBRILLATOR)]
    (strip,) = choose_strips([*other, *chunks(4)], [], seconds=7)
    assert strip.device_id == "dev_monitor"
    assert choose_strips([], [(START, "Shock")], seconds=7) == []


def test_a_millivolt_is_ten_millimetres_and_a_second_twenty_five() -> None:
    (strip,) = choose_strips(chunks(8), [(START, "Shock")], seconds=7)
    assert drawn(strip)[:2] == [
        pytest.approx((0.0, (15 + GAIN) * mm), abs=0.01),
        pytest.approx((SPEED * PERIOD_US / 1e6 * mm, (15 + GAIN) * mm), abs=0.01),
    ]


def test_a_device_in_microvolts_is_drawn_as_high() -> None:
    one = chunks(8)[0]
    assert isinstance(one.observation, SampleArrayObservation)
    micro = replace(one.observation, unit=UnitCode(4275), scale=Decimal(1))
    (strip,) = choose_strips([replace(one, observation=micro)], [], seconds=7)
    assert strip.pieces[0].values[0] == 1.0


def drawn(strip: Strip) -> list[tuple[float, float]]:
    """The points of the trace as the document has them, in points."""
    buffer = BytesIO()
    canvas = Canvas(buffer, pageCompression=0)
    drawing = StripDrawing(strip, font="Helvetica")
    drawing.drawOn(canvas, 0, 0)
    canvas.save()
    contents = PdfReader(buffer).pages[0].get_contents()
    assert contents is not None
    points = [
        (float(operands[0]), float(operands[1]))
        for operands, operator in contents.operations
        if operator in (b"m", b"l")
    ]
    # The paper's lines come first, the trace is the last that is drawn.
    return points[-sum(len(piece.values) for piece in strip.pieces) :]


def test_what_is_missing_at_both_ends_is_missing() -> None:
    strips = choose_strips(chunks(3), [(START - timedelta(seconds=2), "Early")], seconds=7)
    (strip,) = strips
    assert [(round(a, 2), round(b, 2)) for a, b in strip.missing] == [(0.0, 2.0), (5.0, 7.0)]
    assert drawn(strip)[0][0] == pytest.approx(2 * SPEED * mm, abs=0.01)
