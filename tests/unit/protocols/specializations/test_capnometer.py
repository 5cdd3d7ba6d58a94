"""The capnometer: what it offers, and that its curve is what its constants promise."""

from __future__ import annotations

from protocols.specializations.capnometer import (
    CAPNOGRAM_HANDLE,
    MILLIMETRES_PER_STEP,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_REPORT,
    SPECIALIZATION,
)
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:20656", 3872),
        2: ("2:20644", 544),
        3: ("2:20522", 2784),
        4: ("2:20652", 3872),
        5: ("2:61444", None),
    }


def test_a_report_is_a_second_of_curve_in_tenths_of_a_millimetre() -> None:
    curve = SPECIALIZATION.configuration.objects[CAPNOGRAM_HANDLE]
    assert curve.scale is not None
    assert curve.period_ticks is not None
    assert curve.period_ticks * 125 * SAMPLE_RATE_HZ == 1_000_000
    assert SAMPLES_PER_REPORT == SAMPLE_RATE_HZ
    steps = curve.scale.upper_scaled - curve.scale.lower_scaled
    assert curve.scale.upper_absolute == MILLIMETRES_PER_STEP * steps
