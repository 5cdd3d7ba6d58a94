"""Partition 3: numbers as the GHS code and the monitors' interface have them."""

from __future__ import annotations

from protocols.nomenclature.events import TERMS

PUBLISHED = {
    196834: "MDC_EVT_CUFF_INCORRECT",
    196840: "MDC_EVT_CUFF_INFLAT_OVER",
    196916: "MDC_EVT_SENSOR_DISCONN",
    196882: "MDC_EVT_LEADS_OFF",
    199832: "MDC_EVT_ECG_V_TACHY",
    202836: "MDC_EVT_STAT_STANDBY",
}


def test_published_numbers_have_their_names() -> None:
    rows = {row.code.cf_code: row.reference_id for row in TERMS}
    assert {code: rows[code] for code in PUBLISHED} == PUBLISHED


def test_the_table_holds_one_partition_and_names_its_sources() -> None:
    assert {row.code.partition for row in TERMS} == {3}
    assert all(row.sources for row in TERMS)
