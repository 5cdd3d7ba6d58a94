"""A row of the nomenclature is data."""

from __future__ import annotations

from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.term import term, unit


def test_a_term_splits_its_units_at_blanks() -> None:
    row = term(150364, 2, 19292, "MDC_TEMP_BODY", "Body temperature", units="Cel [degF]")
    assert (row.code, row.units) == (MdcCode(2, 19292), ("Cel", "[degF]"))
    assert row.sources == "10101:2004"


def test_a_unit_has_one_ucum_code_and_other_writings() -> None:
    row = unit(264864, 2720, "MDC_DIM_BEAT_PER_MIN", "/min", "bpm", also="{beat}/min {beats}/min")
    assert (row.code, row.ucum) == (UnitCode(2720), "/min")
    assert row.also == ("{beat}/min", "{beats}/min")
