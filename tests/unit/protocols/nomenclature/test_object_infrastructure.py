"""Partition 1: object classes, actions and events."""

from __future__ import annotations

from protocols.nomenclature.object_infrastructure import TERMS

PUBLISHED = {
    65597: "MDC_MOC_VMO_PMSTORE",
    68620: "MDC_ACT_SEG_CLR",
    68637: "MDC_ACT_SET_BO_TIME",
    68892: "MDC_NOTI_CONFIG",
    68897: "MDC_NOTI_SEGMENT_DATA",
    68909: "MDC_NOTI_BUF_SCAN_REPORT_MP_GROUPED",
    67925: "MDC_ATTR_POWER_STAT",
    68219: "MDC_TIME_CAP_STATE",
}


def test_published_numbers_have_their_names() -> None:
    rows = {row.code.cf_code: row.reference_id for row in TERMS}
    assert {code: rows[code] for code in PUBLISHED} == PUBLISHED


def test_the_table_holds_one_partition_and_names_its_sources() -> None:
    assert {row.code.partition for row in TERMS} == {1}
    assert all(row.sources for row in TERMS)
