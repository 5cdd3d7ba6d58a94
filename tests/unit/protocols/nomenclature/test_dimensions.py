"""Units: the decimal factors of 10101 Table A.6.1 are added to the base unit."""

from __future__ import annotations

import pytest

from protocols.nomenclature.dimensions import UNITS

TERMS = {row.reference_id: row.code.term for row in UNITS}
CENTI, MILLI, MICRO, KILO = 17, 18, 19, 3


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
