"""Units and limits by code."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cloud.core.observations.plausibility import (
    RULES,
    allowed_units,
    canonical_ucum,
    judge,
    suggested_ucum,
)
from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.lookup import find, ucum, unit_from_ucum


@pytest.mark.parametrize("cf_code", RULES)
def test_every_rule_is_about_a_known_term_in_known_units(cf_code: int) -> None:
    assert find(MdcCode.from_cf_code(cf_code)) is not None
    for unit, (low, high) in RULES[cf_code].items():
        code = unit_from_ucum(unit)
        assert code is not None, unit
        assert canonical_ucum(ucum(code) or "") == unit
        assert low < high


@pytest.mark.parametrize(
    ("code", "value", "unit", "fits", "plausible"),
    [
        (150456, "100", "%", True, True),
        (150456, "100.1", "%", True, False),
        (150456, "-1", "%", True, False),
        (147842, "0", "/min", True, True),
        (147842, "401", "/min", True, False),
        (150021, "42.7", "kPa", True, True),
        (150021, "43", "kPa", True, False),
        (150021, "98", "%", False, True),
        (99, "1e9", "%", True, True),
    ],
)
def test_values_are_held_against_the_widest_believable_range(
    code: int, value: str, unit: str, fits: bool, plausible: bool
) -> None:
    unit_code = unit_from_ucum(unit)
    assert unit_code is not None
    judgement = judge(MdcCode.from_cf_code(code), Decimal(value), unit_code)
    assert (judgement.unit_fits, judgement.is_plausible) == (fits, plausible)


def test_an_unknown_unit_does_not_fit_and_a_special_value_is_no_fault() -> None:
    code = MdcCode.from_cf_code(150456)
    assert not judge(code, Decimal(97), UnitCode(65_000)).unit_fits
    assert judge(code, None, UnitCode(544)).is_plausible
    assert allowed_units(code) == ("%",)
    assert allowed_units(MdcCode(1, 1)) == ()


@pytest.mark.parametrize("spelled", ["bpm", "mmHg", "degC", "mmol/litre"])
def test_what_developers_type_has_a_suggestion_that_is_known(spelled: str) -> None:
    meant = suggested_ucum(spelled)
    assert meant is not None
    assert unit_from_ucum(meant) is not None
