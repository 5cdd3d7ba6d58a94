"""LOINC codes: their check digits, and that each belongs to a term."""

from __future__ import annotations

import pytest

from protocols.model.codes import MdcCode
from protocols.nomenclature.loinc import LOINC_ROWS
from protocols.nomenclature.lookup import find


@pytest.mark.parametrize("code", sorted({code for _, _, codes in LOINC_ROWS for code in codes}))
def test_every_loinc_has_its_check_digit(code: str) -> None:
    digits, _, check = code.partition("-")
    doubled = "".join(
        str(int(digit) * (2 if position % 2 == 0 else 1))
        for position, digit in enumerate(reversed(digits))
    )
    assert (10 - sum(map(int, doubled)) % 10) % 10 == int(check)


def test_every_loinc_row_belongs_to_a_term() -> None:
    assert all(find(MdcCode.from_cf_code(cf_code)) for cf_code, _, _ in LOINC_ROWS)
