"""Partition 128: numbers as the HL7 guide writes them."""

from __future__ import annotations

from protocols.nomenclature.disease_management import TERMS

PUBLISHED = {
    8410584: "MDC_ECG_DEV_STAT",
    8410608: "MDC_BLOOD_PRESSURE_MEASUREMENT_STATUS",
    8417752: "MDC_GLU_METER_DEV_STATUS",
    8417909: "MDC_INR_METER_DEV_STATUS",
    8418060: "MDC_CGM_DEV_STAT",
    8418512: "MDC_BATTERY_STATUS",
    8408608: "MDC_PHD_DM_DEV_STAT",
}


def test_published_numbers_have_their_names() -> None:
    rows = {row.code.cf_code: row.reference_id for row in TERMS}
    assert {code: rows[code] for code in PUBLISHED} == PUBLISHED


def test_the_table_holds_one_partition_and_names_its_sources() -> None:
    assert {row.code.partition for row in TERMS} == {128}
    assert all(row.sources for row in TERMS)
