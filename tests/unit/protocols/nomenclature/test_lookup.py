"""The nomenclature tables: numbers recomputed, names found, units as FHIR wants them."""

from __future__ import annotations

import pytest

from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature import private
from protocols.nomenclature.lookup import (
    TERMS,
    UNITS,
    find,
    find_by_name,
    find_unit,
    loincs,
    ucum,
    unit_from_ucum,
)
from protocols.nomenclature.term import Term, Unit

SPO2 = MdcCode(2, 19384)
GLUCOSE = MdcCode(2, 29112)
END_TIDAL_CO2 = MdcCode(2, 20636)


@pytest.mark.parametrize("row", TERMS, ids=lambda row: row.reference_id or row.display)
def test_the_listed_number_is_partition_times_65536_plus_term(row: Term) -> None:
    assert row.listed_cf == row.code.partition * 65536 + row.code.term
    assert row.display
    assert row.reference_id.startswith("MDC_") or row.note
    assert find(row.code) is row
    assert all(unit_from_ucum(text) is not None for text in row.units if text != "{score}")


@pytest.mark.parametrize("row", UNITS, ids=lambda row: row.reference_id)
def test_the_listed_unit_is_262144_plus_term(row: Unit) -> None:
    assert row.listed_cf == 4 * 65536 + row.code.term
    assert find_unit(row.code) is row
    assert ucum(row.code) == row.ucum
    found = unit_from_ucum(row.ucum)
    assert found is not None
    assert ucum(found) == row.ucum


def test_no_number_and_no_name_stands_twice() -> None:
    assert len({row.code for row in TERMS}) == len(TERMS)
    names = [row.reference_id for row in TERMS if row.reference_id]
    assert len(set(names)) == len(names)
    assert len({row.code for row in UNITS}) == len(UNITS)


def test_a_term_is_found_by_reference_id_and_by_its_32_bit_number() -> None:
    by_name = find_by_name("MDC_PULS_OXIM_SAT_O2")
    assert by_name is not None
    assert by_name.code == SPO2
    assert find_by_name("150456") is by_name
    assert by_name.units == ("%",)


@pytest.mark.parametrize("text", ["", "MDC_NOTHING", "12345678901", "4294967296", "²"])
def test_what_nobody_knows_is_not_found(text: str) -> None:
    assert find_by_name(text) is None


def test_the_code_a_published_example_gives_for_spo2_is_another_one() -> None:
    assert find_by_name("150324") is None
    assert find(MdcCode(2, 65535)) is None


def test_every_rate_is_per_minute() -> None:
    assert {ucum(UnitCode(term)) for term in (2528, 2720, 2784)} == {"/min"}
    assert unit_from_ucum("/min") == UnitCode(2528)
    assert unit_from_ucum("{beat}/min") == UnitCode(2720)
    assert unit_from_ucum("{breath}/min") == UnitCode(2784)


@pytest.mark.parametrize("text", ["bpm", "mmHg", "degC", "mcg", "mmol/litre"])
def test_what_developers_type_is_no_ucum(text: str) -> None:
    assert unit_from_ucum(text) is None


def test_an_unknown_unit_stays_a_number() -> None:
    assert ucum(UnitCode(65535)) is None
    assert find_unit(UnitCode(65535)) is None


def test_the_unit_picks_the_loinc_of_glucose_and_end_tidal_co2() -> None:
    assert loincs(GLUCOSE, UnitCode(2130)) == ("41653-7",)
    assert loincs(GLUCOSE, UnitCode(4722)) == ("14743-9",)
    assert loincs(END_TIDAL_CO2, UnitCode(544)) == ("19889-5",)
    assert loincs(END_TIDAL_CO2, UnitCode(3872)) == ("19891-1",)
    assert loincs(END_TIDAL_CO2, UnitCode(3843)) == ("19891-1",)
    assert loincs(GLUCOSE, UnitCode(512)) == ()


def test_spo2_has_two_loinc_codes_and_a_vendor_term_none() -> None:
    assert loincs(SPO2, UnitCode(544)) == ("2708-6", "59408-5")
    assert loincs(SPO2) == ("2708-6", "59408-5")
    assert loincs(private.SHOCK_ENERGY, UnitCode(3968)) == ()
