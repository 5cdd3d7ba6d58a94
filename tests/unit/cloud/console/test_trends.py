"""How the numbers went, as the page plots them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from cloud.api.console.trends import trend_payload
from cloud.core.observations.trends import TrendPoint
from tests.fixtures.handovers import START

HEART_RATE, PERCENT, BEATS, MMHG, KPA, FAHRENHEIT = 147842, 544, 2720, 3872, 3843, 4416
TEMPERATURE, NIBP, ETCO2 = 150364, 150020, 151708


def point(seconds: float, value: str | None, **more: Any) -> TrendPoint:  # noqa: ANN401 - columns
    row: dict[str, Any] = {
        "observed_at": START + timedelta(seconds=seconds),
        "type_cf": HEART_RATE,
        "unit_term": BEATS,
        "status": 0,
        "value": None if value is None else Decimal(value),
        "components": None,
    }
    return TrendPoint(**(row | more))


def numbers(found: dict[str, Any], tile: str) -> list[float]:
    return [value for _, value in found["series"][tile]]


def test_of_each_step_the_lowest_and_the_highest_stay_in_their_order() -> None:
    values = ["80", "84", "79", "81", "90"]
    found: Any = trend_payload([point(place * 4, value) for place, value in enumerate(values)])
    assert numbers(found, "hr") == [84, 79, 81, 90] or numbers(found, "hr")[-1] == 90
    assert {79.0, 90.0} <= set(numbers(found, "hr"))
    times = [at for at, _ in found["series"]["hr"]]
    assert times == sorted(times)


def test_what_is_no_number_is_left_out() -> None:
    rows = [point(0, None), point(1, "80", status=0x8000), point(2, "80", unit_term=None)]
    assert trend_payload([*rows, point(3, "80", unit_term=9)]) == {"series": {}, "pressures": []}


def test_every_chart_has_one_unit() -> None:
    found: Any = trend_payload(
        [
            point(0, "4.0", type_cf=ETCO2, unit_term=KPA),
            point(1, "98.6", type_cf=TEMPERATURE, unit_term=FAHRENHEIT),
        ]
    )
    assert numbers(found, "etco2") == [4.0 * 7.50062]
    assert numbers(found, "temp") == [37.0]


def test_a_cuff_reading_stands_by_itself_and_needs_both_numbers() -> None:
    whole = [[150021, MMHG, "120", None], [150022, MMHG, "80", None], [150023, MMHG, "93", None]]
    half = [[150021, MMHG, "120", None], [150022, MMHG, None, "NRES"]]
    strange = [[150021, 9, "120", None], [150022, MMHG, "80", None]]
    rows = [
        point(place, None, type_cf=NIBP, components=one)
        for place, one in enumerate([whole, half, whole[:2], strange, None])
    ]
    found: Any = trend_payload(rows)
    assert [(one["systolic"], one["mean"]) for one in found["pressures"]] == [
        (120, 93),
        (120, None),
    ]
