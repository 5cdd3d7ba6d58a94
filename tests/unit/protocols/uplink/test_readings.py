"""A reading of a series is the observation it stands for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.readings import ReadingSeries, make_observation, to_decimal

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
AT = ObservedTime(NOON, TimeQuality.RECEIVED)
DEVICE = SystemId(b"OX123456")
SERIES = ReadingSeries(
    kind="n",
    device=DEVICE,
    type=MdcCode(2, 19384),
    status=obs.MeasurementStatus.EARLY_INDICATION,
    quality=TimeQuality.RECEIVED,
    device_kind="",
    supplements=(MdcCode(2, 7),),
    parts=((0, 544, -1, ""),),
)
SHARED = {
    "observation_id": UUID(int=1),
    "type": SERIES.type,
    "observed_at": AT,
    "device": DEVICE,
    "status": SERIES.status,
    "supplements": SERIES.supplements,
}
WAVE = replace(
    SERIES, kind="w", parts=((0, 4274, 0, ""),), samples=(Decimal("0.5"), Decimal(0), 2000)
)


@pytest.mark.parametrize(
    ("series", "own", "samples", "expected"),
    [
        (
            SERIES,
            (975,),
            b"",
            obs.NumericObservation(value=Quantity(Decimal("97.5"), UnitCode(544)), **SHARED),  # type: ignore[arg-type]  # the fields every observation has
        ),
        (
            replace(SERIES, parts=((0, 544, 0, "NRes"),)),
            (),
            b"",
            obs.NumericObservation(value=Quantity(SpecialValue.NRES, UnitCode(544)), **SHARED),  # type: ignore[arg-type]  # as above
        ),
        (
            replace(SERIES, kind="c", parts=((131072, 3872, 0, "NaN"), (131073, 3872, 0, ""))),
            (80,),
            b"",
            obs.CompoundNumericObservation(
                components=(
                    (MdcCode(2, 0), Quantity(SpecialValue.NAN, UnitCode(3872))),
                    (MdcCode(2, 1), Quantity(Decimal(80), UnitCode(3872))),
                ),
                **SHARED,  # type: ignore[arg-type]  # as above
            ),
        ),
        (
            replace(SERIES, kind="e", parts=()),
            (131080,),
            b"",
            obs.CodedObservation(value=MdcCode(2, 8), **SHARED),  # type: ignore[arg-type]  # as above
        ),
        (
            replace(SERIES, kind="b", parts=((0, 0, 16, ""),)),
            (5,),
            b"",
            obs.BitsObservation(bits=5, width=16, **SHARED),  # type: ignore[arg-type]  # as above
        ),
        *(
            (
                WAVE,
                own,
                bytes(8),
                obs.SampleArrayObservation(
                    samples=bytes(8),
                    scale=Decimal("0.5"),
                    offset=Decimal(0),
                    period_us=2000,
                    unit=UnitCode(4274),
                    sequence=sequence,
                    **SHARED,  # type: ignore[arg-type]  # as above
                ),
            )
            for own, sequence in (((2,), None), ((2, 9), 9))
        ),
    ],
)
def test_a_reading_of_each_kind_is_the_observation_it_stands_for(
    series: ReadingSeries, own: tuple[int, ...], samples: bytes, expected: obs.Observation
) -> None:
    made = make_observation(
        series, own, observation_id=UUID(int=1), observed_at=AT, samples=samples
    )
    assert made == expected


def test_a_decimal_has_exactly_its_digits() -> None:
    assert [str(to_decimal(*one)) for one in ((3660, -2), (-5, 0), (0, -2))] == [
        "36.60",
        "-5",
        "0.00",
    ]
