"""Partition 2: numbers as public sources write them, and the rules of 10101 for leads."""

from __future__ import annotations

from protocols.nomenclature.scada import TERMS

PUBLISHED = {
    150456: "MDC_PULS_OXIM_SAT_O2",
    147842: "MDC_ECG_HEART_RATE",
    150300: "MDC_PRESS_CUFF",
    150301: "MDC_PRESS_CUFF_SYS",
    151594: "MDC_CO2_RESP_RATE",
    151708: "MDC_CONC_AWAY_CO2_ET",
    152584: "MDC_FLOW_AWAY_EXP_FORCED_PEAK",
    160184: "MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD",
    188736: "MDC_MASS_BODY_ACTUAL",
}


def test_published_numbers_have_their_names() -> None:
    rows = {row.code.cf_code: row.reference_id for row in TERMS}
    assert {code: rows[code] for code in PUBLISHED} == PUBLISHED


def test_a_lead_is_256_and_its_number() -> None:
    terms = {row.reference_id: row.code.term for row in TERMS}
    leads = {"I": 1, "II": 2, "V1": 3, "V6": 8, "III": 61, "AVR": 62, "AVF": 64}
    for lead, number in leads.items():
        assert terms[f"MDC_ECG_ELEC_POTL_{lead}"] == 256 + number
