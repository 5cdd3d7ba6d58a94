"""Curves as devices send them: live stretches of whole steps, due when the last sample is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from protocols.model.codes import MdcCode, UnitCode
from protocols.model.observation import Observation, SampleArrayObservation
from simulators.devices.base import Form, Reading, Report, SimulatedDevice, Stamp, every

Signal = Callable[[int, int], NDArray[np.float64]]
"""(first sample, count) -> values in the curve's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveKind:
    """What a curve is and how it is digitised: `highest` steps of `step` from zero up.

    `samples` a report at `rate` a second.
    """

    type: MdcCode
    unit: UnitCode
    step: Decimal
    highest: int
    samples: int
    rate: int


def curve_reports(
    device: SimulatedDevice, kind: CurveKind, signal: Signal, handle: int, start_at: datetime
) -> Iterator[Report]:
    """The curve in stretches without a hole."""
    seconds = kind.samples / kind.rate
    for number, t in enumerate(every(seconds)):
        values = signal(number * kind.samples, kind.samples)
        stretch = _stretch(device.stamp(start_at, t), kind, values)
        due = round(t + seconds, 3)
        yield Report(due, Form.FIXED, live=True, readings=(Reading(handle, stretch),))


def _stretch(stamp: Stamp, kind: CurveKind, values: NDArray[np.float64]) -> Observation:
    steps = np.clip(np.rint(values / float(kind.step)), 0, kind.highest).astype("<i4")
    period_us = 1_000_000 // kind.rate
    return SampleArrayObservation(
        observation_id=stamp.identify(kind.type, duration_us=len(steps) * period_us),
        type=kind.type,
        observed_at=stamp.observed_at,
        device=stamp.system_id,
        samples=steps.tobytes(),
        scale=kind.step,
        offset=0 * kind.step,
        period_us=period_us,
        unit=kind.unit,
    )
