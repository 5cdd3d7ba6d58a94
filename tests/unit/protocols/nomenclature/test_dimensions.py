"""Units: the decimal factors of 10101 Table A.6.1 are added to the base unit."""

from __future__ import annotations

import pytest

from protocols.nomenclature.dimensions import UNITS

TERMS = {row.reference_id: row.code.term for row in UNITS}
CENTI, MILLI, MICRO, KILO = 17, 18, 19, 3

# As public lists write them.
PUBLISHED = {
    "MDC_DIM_DIMLESS": 512,
    "MDC_DIM_PERCENT": 544,
    "MDC_DIM_ANG_DEG": 736,
    "MDC_DIM_M": 1280,
    "MDC_DIM_CENTI_M": 1297,
    "MDC_DIM_FOOT": 1344,
    "MDC_DIM_INCH": 1376,
    "MDC_DIM_L": 1600,
    "MDC_DIM_MILLI_L": 1618,
    "MDC_DIM_G": 1728,
    "MDC_DIM_KILO_G": 1731,
    "MDC_DIM_MILLI_G": 1746,
    "MDC_DIM_LB": 1760,
    "MDC_DIM_KG_PER_M_SQ": 1952,
    "MDC_DIM_KILO_G_PER_L": 2051,
    "MDC_DIM_MILLI_G_PER_DL": 2130,
    "MDC_DIM_SEC": 2176,
    "MDC_DIM_MILLI_SEC": 2194,
    "MDC_DIM_MIN": 2208,
    "MDC_DIM_HR": 2240,
    "MDC_DIM_DAY": 2272,
    "MDC_DIM_YR": 2368,
    "MDC_DIM_HZ": 2496,
    "MDC_DIM_PER_MIN": 2528,
    "MDC_DIM_BEAT_PER_MIN": 2720,
    "MDC_DIM_RESP_PER_MIN": 2784,
    "MDC_DIM_M_PER_SEC": 2816,
    "MDC_DIM_L_PER_MIN": 3072,
    "MDC_DIM_KILO_PASCAL": 3843,
    "MDC_DIM_MMHG": 3872,
    "MDC_DIM_CM_H2O": 3904,
    "MDC_DIM_JOULES": 3968,
    "MDC_DIM_WATT": 4032,
    "MDC_DIM_MILLI_AMP": 4178,
    "MDC_DIM_MILLI_VOLT": 4274,
    "MDC_DIM_MICRO_VOLT": 4275,
    "MDC_DIM_OHM": 4288,
    "MDC_DIM_FAHR": 4416,
    "MDC_DIM_MOLE_PER_L": 4704,
    "MDC_DIM_MILLI_MOLE_PER_L": 4722,
    "MDC_DIM_MICRO_MOLE_PER_L": 4723,
    "MDC_DIM_INTL_UNIT": 5472,
    "MDC_DIM_DEGC": 6048,
    "MDC_DIM_VOL_PERCENT": 6240,
    "MDC_DIM_M_PER_MIN": 6560,
    "MDC_DIM_INR": 6608,
    "MDC_DIM_STEP": 6656,
    "MDC_DIM_STEP_PER_MIN": 6752,
    "MDC_DIM_CAL": 6784,
    "MDC_DIM_RPM": 6816,
    "MDC_DIM_TICK": 6848,
}


def test_published_numbers_have_their_names() -> None:
    assert {name: TERMS[name] for name in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize(
    ("scaled", "base", "factor"),
    [
        ("MDC_DIM_CENTI_M", "MDC_DIM_M", CENTI),
        ("MDC_DIM_MILLI_L", "MDC_DIM_L", MILLI),
        ("MDC_DIM_MILLI_G", "MDC_DIM_G", MILLI),
        ("MDC_DIM_KILO_G", "MDC_DIM_G", KILO),
        ("MDC_DIM_MILLI_SEC", "MDC_DIM_SEC", MILLI),
        ("MDC_DIM_MILLI_MOLE_PER_L", "MDC_DIM_MOLE_PER_L", MILLI),
    ],
)
def test_a_factor_is_added_to_the_base(scaled: str, base: str, factor: int) -> None:
    assert TERMS[scaled] == TERMS[base] + factor


def test_base_units_stand_32_apart() -> None:
    bases = [TERMS[name] for name in ("MDC_DIM_M", "MDC_DIM_L", "MDC_DIM_G", "MDC_DIM_SEC")]
    assert all(term % 32 == 0 for term in bases)
    assert TERMS["MDC_DIM_MICRO_VOLT"] - TERMS["MDC_DIM_MILLI_VOLT"] == MICRO - MILLI
