"""Partition 8: numbers as the HL7 guide writes them."""

from __future__ import annotations

from protocols.nomenclature.infrastructure import TERMS

PUBLISHED = {
    528388: "MDC_DEV_SPEC_PROFILE_PULS_OXIM",
    528402: "MDC_DEV_SPEC_PROFILE_COAG",
    528412: "MDC_DEV_SPEC_PROFILE_PSM",
    528455: "MDC_DEV_SPEC_PROFILE_AI_ACTIVITY_HUB",
    531981: "MDC_MOC_VMS_MDS_AHD",
    532224: "MDC_TIME_SYNC_NONE",
    532238: "MDC_TIME_SYNC_GPS",
    532354: "MDC_REG_CERT_DATA_CONTINUA_REG_STATUS",
}


def test_published_numbers_have_their_names() -> None:
    rows = {row.code.cf_code: row.reference_id for row in TERMS}
    assert {code: rows[code] for code in PUBLISHED} == PUBLISHED


def test_the_table_holds_one_partition_and_names_its_sources() -> None:
    assert {row.code.partition for row in TERMS} == {8}
    assert all(row.sources for row in TERMS)
