"""Partition 129: numbers of the fitness terms."""

from __future__ import annotations

from protocols.nomenclature.health_fitness import TERMS

PUBLISHED = {
    8454247: "MDC_HF_DISTANCE",
    8454267: "MDC_HF_SESSION",
    8454347: "MDC_HF_RESISTANCE",
    8455161: "MDC_HF_ACT_WALK",
    8455355: "MDC_HF_POSITION_LYING",
}


def test_published_numbers_have_their_names() -> None:
    rows = {row.code.cf_code: row.reference_id for row in TERMS}
    assert {code: rows[code] for code in PUBLISHED} == PUBLISHED


def test_the_table_holds_one_partition_and_names_its_sources() -> None:
    assert {row.code.partition for row in TERMS} == {129}
    assert all(row.sources for row in TERMS)
