"""The codes the profiles speak in are those of the nomenclature, where it has a row."""

from __future__ import annotations

from protocols.gatt import terms
from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.lookup import find, find_unit


def test_every_term_has_a_row_and_stands_once() -> None:
    codes = {name: value for name, value in vars(terms).items() if isinstance(value, MdcCode)}
    assert [name for name, code in codes.items() if find(code) is None] == []
    assert len(set(codes.values())) == len(codes)


def test_every_unit_has_a_row() -> None:
    units = {name: value for name, value in vars(terms).items() if isinstance(value, UnitCode)}
    assert [name for name, unit in units.items() if find_unit(unit) is None] == []


def test_a_rate_of_the_cuff_is_not_the_rate_of_the_oximeter() -> None:
    cuff, oximeter = find(terms.PULSE_RATE_CUFF), find(terms.PULSE_RATE_OXIMETER)
    assert cuff is not None
    assert oximeter is not None
    assert cuff.reference_id == "MDC_PULS_RATE_NON_INV"
    assert oximeter.reference_id == "MDC_PULS_OXIM_PULS_RATE"
