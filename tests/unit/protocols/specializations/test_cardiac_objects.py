"""Objects of the heart: the strip's scale is the one its constants promise."""

from __future__ import annotations

from protocols.ieee20601.objects import describe_object
from protocols.specializations.cardiac_objects import (
    MILLIVOLTS_PER_STEP,
    SAMPLE_RATE_HZ,
    SAMPLES_PER_REPORT,
    ZERO_SAMPLE,
    ecg_lead_ii,
    heart_rate,
)


def test_the_heart_rate_is_in_beats_per_minute() -> None:
    notes: list[str] = []
    described = describe_object(heart_rate(4), notes)
    assert (described.handle, str(described.type), notes) == (4, "2:16770", [])


def test_a_step_of_the_strip_is_what_the_scale_says() -> None:
    described = describe_object(ecg_lead_ii(2), [])
    scale, samples = described.scale, described.samples
    assert scale is not None
    assert samples is not None
    span = scale.upper_scaled - scale.lower_scaled
    assert span == 2 * ZERO_SAMPLE
    assert float(MILLIVOLTS_PER_STEP) * span == 20.0
    assert samples.count == SAMPLES_PER_REPORT
    assert described.period_ticks is not None
    assert SAMPLE_RATE_HZ * described.period_ticks * 125 == 1_000_000
