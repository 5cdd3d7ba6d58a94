"""Waveforms of a batch as small differences, lossless.

A sample is expected where its neighbours are. The limb leads of an electrocardiogram are
expected to be what leads I and II make them (Einthoven, Goldberger); what a device's rounding adds
is kept as a difference, so nothing is lost where a lead is not exactly derived.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.errors import DecodeError
from protocols.uplink.columns import SampleColumn
from protocols.uplink.lifting import lift, lower, steps_of

Samples = NDArray[np.int64]

LIKE_BEFORE: Final = 0
"""Each sample is expected to be like the one before it."""
LIFTED: Final = 5
"""The numbers are those of `lifting.lift`."""
DERIVED: Final[dict[int, Callable[[Samples, Samples], Samples]]] = {
    1: lambda one, two: two - one,
    2: lambda one, two: -((one + two) >> 1),
    3: lambda one, two: one - (two >> 1),
    4: lambda one, two: two - (one >> 1),
}
"""By rule: the samples expected from lead I and lead II. III, aVR, aVL, aVF."""
LEAD_I: Final = 131_329
LEAD_II: Final = 131_330
DERIVED_LEADS: Final = {131_389: 1, 131_390: 2, 131_391: 3, 131_392: 4}
"""By context-free code (MDC_ECG_LEAD_III, aVR, aVL, aVF): the rule."""
MOST_SAMPLES: Final = 1 << 20
_MOST_PLANES: Final = 5


def write_columns(
    samples: Mapping[int, Samples], leads: Mapping[int, int], devices: Mapping[int, int]
) -> tuple[SampleColumn, ...]:
    """One column a series, leads I and II ahead of what is derived from them.

    `samples` by series, 32-bit values; `leads` the series' codes, `devices` whose they are.
    """
    columns = []
    shortest = _shortest(samples)
    for series in sorted(samples, key=lambda one: leads[one] in DERIVED_LEADS):
        taken = samples[series]
        base, other = 0, 0
        rule, numbers, cost = shortest[series]
        wanted = DERIVED_LEADS.get(leads[series])
        pair = _limb_leads(series, samples, leads, devices) if wanted else None
        if wanted and pair:
            residuals = taken - DERIVED[wanted](samples[pair[0]], samples[pair[1]])
            if _costs(residuals) < cost:
                rule, (base, other), numbers = wanted, pair, residuals
        columns.append(SampleColumn(series, len(taken), rule, base, other, _to_planes(numbers)))
    return tuple(columns)


def read_columns(columns: tuple[SampleColumn, ...], *, most: int) -> dict[int, Samples]:
    """The samples by series; DecodeError when they are not whole or more than `most` in all."""
    if sum(max(0, column.count) for column in columns) > most:
        raise DecodeError("uplink columns: too many samples")
    samples: dict[int, Samples] = {}
    for column in columns:
        differences = _from_planes(column)
        if column.rule == LIKE_BEFORE:
            taken = np.cumsum(differences)
        elif column.rule == LIFTED:
            taken = lower(differences)
        else:
            taken = _expected(column, samples) + differences
        if taken.size and not (taken.min() >= -(2**31) and taken.max() < 2**31):
            raise DecodeError("uplink columns: a sample has more than 32 bits")
        samples[column.series] = taken
    return samples


def _shortest(samples: Mapping[int, Samples]) -> dict[int, tuple[int, Samples, float]]:
    """By series the rule that leaves the smaller numbers, these, and what they cost.

    Those of one length are worked out together: a dozen leads cost little more than one.
    """
    by_length: dict[int, list[int]] = {}
    for series, taken in samples.items():
        by_length.setdefault(len(taken), []).append(series)
    found: dict[int, tuple[int, Samples, float]] = {}
    for alike in by_length.values():
        together = np.stack([samples[series] for series in alike])
        plain, lifted = steps_of(together), lift(together)
        costs = zip(_costs(plain).tolist(), _costs(lifted).tolist(), strict=True)
        for place, (series, (as_before, as_lifted)) in enumerate(zip(alike, costs, strict=True)):
            found[series] = (
                (LIKE_BEFORE, plain[place], as_before)
                if as_before <= as_lifted
                else (LIFTED, lifted[place], as_lifted)
            )
    return found


def _costs(numbers: Samples) -> NDArray[np.float64]:
    """About so many bits, along the last axis."""
    bits: NDArray[np.float64] = np.log2(1 + 2 * np.abs(numbers)).sum(axis=-1)
    return bits


def _limb_leads(
    series: int,
    samples: Mapping[int, Samples],
    leads: Mapping[int, int],
    devices: Mapping[int, int],
) -> tuple[int, int] | None:
    """The series of leads I and II of the same device, when they are as long."""
    found = {
        leads[other]: other
        for other in samples
        if devices[other] == devices[series] and len(samples[other]) == len(samples[series])
    }
    return (found[LEAD_I], found[LEAD_II]) if LEAD_I in found and LEAD_II in found else None


def _expected(column: SampleColumn, samples: Mapping[int, Samples]) -> Samples:
    derive = DERIVED.get(column.rule)
    one, two = samples.get(column.base), samples.get(column.other)
    if derive is None or one is None or two is None:
        raise DecodeError("uplink columns: a lead is derived from nothing")
    if not len(one) == len(two) == column.count:
        raise DecodeError("uplink columns: a lead is derived from leads of other lengths")
    return derive(one, two)


def _to_planes(differences: Samples) -> tuple[bytes, ...]:
    zigzag = (differences << 1) ^ (differences >> 63)
    most = int(zigzag.max()) if zigzag.size else 0
    planes = (most.bit_length() + 7) // 8
    return tuple(
        ((zigzag >> 8 * plane) & 0xFF).astype(np.uint8).tobytes() for plane in range(planes)
    )


def _from_planes(column: SampleColumn) -> Samples:
    if column.count < 0 or len(column.planes) > _MOST_PLANES:
        raise DecodeError("uplink columns: samples are not whole")
    zigzag = np.zeros(column.count, np.int64)
    for number, plane in enumerate(column.planes):
        if len(plane) != column.count:
            raise DecodeError("uplink columns: samples are not whole")
        zigzag |= np.frombuffer(plane, np.uint8).astype(np.int64) << 8 * number
    return (zigzag >> 1) ^ -(zigzag & 1)
