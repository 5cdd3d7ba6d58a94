"""What readings share that come in columns (`reading_columns`), and the observation each one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypedDict
from uuid import UUID

from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink import columns as col

Part = tuple[int, int, int, str]
"""Code, unit, exponent and special value's name of one number (see `columns.SeriesRecord`)."""
SPECIALS: Final = {special.value: special for special in SpecialValue}
"""Special values by their names on the wire."""
_MOST_VALUES: Final = 4096


def to_decimal(digits: int, exponent: int) -> Decimal:
    """digits x 10^exponent with exactly these digits."""
    return Decimal((int(digits < 0), tuple(map(int, str(abs(digits)))), exponent))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadingSeries:
    """What the readings of one kind of one device share.

    `kind` is the tag of `columns`. `parts` are the numbers of a reading; `samples` a waveform's
    scale, offset and period in microseconds. `device_kind` is the kind of the device's own time,
    empty for none.
    """

    kind: str
    device: SystemId
    type: MdcCode
    status: obs.MeasurementStatus
    quality: TimeQuality
    device_kind: str
    supplements: tuple[MdcCode, ...] = ()
    parts: tuple[Part, ...] = ()
    samples: tuple[Decimal, Decimal, int] | None = None


@dataclass(frozen=True, slots=True)
class ReadingTimes:
    """When readings were taken in by the gateway (aware UTC), and when they were observed."""

    captured_at: datetime
    observed_at: ObservedTime


Value = tuple[int, tuple[int, ...]]
"""A series by its number, and a reading's own integers in it (see `reading_columns.Readings`)."""


class Common(TypedDict):
    """The fields every observation has."""

    observation_id: UUID
    type: MdcCode
    observed_at: ObservedTime
    device: SystemId
    status: obs.MeasurementStatus
    supplements: tuple[MdcCode, ...]


def make_observation(
    series: ReadingSeries,
    own: tuple[int, ...],
    *,
    observation_id: UUID,
    observed_at: ObservedTime,
    samples: bytes = b"",
) -> obs.Observation:
    """A reading of a series; `own` and `samples` see `reading_columns.Readings`."""
    common: Common = {
        "observation_id": observation_id,
        "type": series.type,
        "observed_at": observed_at,
        "device": series.device,
        "status": series.status,
        "supplements": series.supplements,
    }
    match series.kind:
        case col.NUMERIC:
            return obs.NumericObservation(value=quantities_of(series, own)[0], **common)
        case col.COMPOUND:
            codes = [MdcCode.from_cf_code(code) for code, _, _, _ in series.parts]
            parts = tuple(zip(codes, quantities_of(series, own), strict=True))
            return obs.CompoundNumericObservation(components=parts, **common)
        case col.CODED:
            return obs.CodedObservation(value=MdcCode.from_cf_code(own[0]), **common)
        case col.BITS:
            return obs.BitsObservation(bits=own[0], width=series.parts[0][2], **common)
        case _:
            scale, offset, period_us = series.samples or (Decimal(1), Decimal(0), 0)
            return obs.SampleArrayObservation(
                samples=samples,
                scale=scale,
                offset=offset,
                period_us=period_us,
                unit=UnitCode(series.parts[0][1]),
                sequence=own[1] if len(own) > 1 else None,
                **common,
            )


def quantities_of(series: ReadingSeries, own: tuple[int, ...]) -> list[Quantity]:
    """All parts' numbers; special values have no digits of their own."""
    digits = iter(own)
    return [_to_quantity(part, 0 if part[3] else next(digits)) for part in series.parts]


# A vehicle's readings show the same few values over and over.
@lru_cache(maxsize=_MOST_VALUES)
def _to_quantity(part: Part, digits: int) -> Quantity:
    _, unit, exponent, special = part
    return Quantity(SPECIALS[special] if special else to_decimal(digits, exponent), UnitCode(unit))
