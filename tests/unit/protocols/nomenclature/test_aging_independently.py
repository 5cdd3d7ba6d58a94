"""Partition 130: numbers of the independent living terms."""

from __future__ import annotations

from protocols.nomenclature.aging_independently import TERMS

PUBLISHED = {
    8519681: "MDC_AI_TYPE_SENSOR_FALL",
    8519694: "MDC_AI_TYPE_SENSOR_TEMP",
    8522752: "MDC_AI_LOCATION_BEDROOM",
    8532993: "MDC_AI_MED_DISPENSED_VARIABLE",
}


def test_published_numbers_have_their_names() -> None:
    rows = {row.code.cf_code: row.reference_id for row in TERMS}
    assert {code: rows[code] for code in PUBLISHED} == PUBLISHED


def test_the_table_holds_one_partition_and_names_its_sources() -> None:
    assert {row.code.partition for row in TERMS} == {130}
    assert all(row.sources for row in TERMS)
