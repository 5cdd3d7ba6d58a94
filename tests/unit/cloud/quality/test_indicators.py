"""Every indicator against encounters judged by hand first."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cloud.core.encounters.record import NotValue, PertinentNegative
from cloud.core.quality.cases import Case
from cloud.core.quality.definitions import INDICATORS, indicator
from cloud.core.quality.judging import Outcome, Verdict, judge
from tests.fixtures.quality_cases import (
    CALL,
    act,
    at,
    case,
    field,
    impression,
    medication,
    vital,
)

MET, EXCEPTED, NOT_MET = Outcome.MET, Outcome.EXCEPTED, Outcome.NOT_MET
NOT_APPLICABLE, EXCLUDED = Outcome.NOT_APPLICABLE, Outcome.EXCLUDED
UNKNOWN, MISSING = Outcome.UNKNOWN, Outcome.MISSING
ARREST: dict[str, object] = {"arrest__resuscitation": "als_started"}
ROSC: dict[str, object] = {
    "arrest__rosc_at": at(25),
    "arrest__rhythm_at_destination": "sinus_rhythm",
}
UTSTEIN: dict[str, object] = {
    **ARREST,
    "arrest__etiology": "cardiac",
    "arrest__witnessed_by": "bystander",
    "arrest__first_rhythm": "ventricular_fibrillation",
}
STEMI = [impression("Inferior STEMI")]
PAIN = [vital("pain", 10, value="7"), vital("pain", 25, value="3")]
GIVEN = [medication("Aspirin 300 mg"), medication("GTN spray"), medication("Morphine")]
FAST = vital("fast", face="abnormal", arm="normal", speech="normal", result="positive")
PRESSURE = vital("blood_pressure", unit="mm[Hg]", systolic="150", diastolic="90")
GLUCOSE = vital("glucose", unit="mmol/L", value="5.4")
SEPTIC = [
    vital("news2", 9, total="9", risk="high"),
    vital("respiration_rate", unit="/min", value="26"),
    vital("spo2", unit="%", value="91"),
    PRESSURE,
    vital("heart_rate", unit="/min", value="120"),
    vital("temperature", unit="Cel", value="39.1"),
    vital("avpu", level="V"),
]
ASTHMA = [
    vital("respiration_rate", unit="/min", value="30"),
    vital("pef", unit="L/min", value="180"),
    vital("spo2", unit="%", value="92"),
]
REFUSED = PertinentNegative.REFUSED
NOT_SAID = field("", None, NotValue.NOT_RECORDED)

BY_HAND: list[tuple[str, Case, Outcome]] = [
    ("rosc_survival", case(), NOT_APPLICABLE),
    ("rosc_survival", case(arrest__resuscitation="not_attempted_dnr"), NOT_APPLICABLE),
    ("rosc_survival", case(ARREST, ROSC), MET),
    ("rosc_survival", case(ARREST), NOT_MET),
    ("rosc_survival", case(ARREST, arrest__rosc_at=at(25)), MISSING),
    (
        "rosc_survival",
        case(ARREST, arrest__rosc_at=at(25), arrest__rhythm_at_destination=NOT_SAID),
        UNKNOWN,
    ),
    (
        "rosc_survival",
        case(ARREST, arrest__rosc_at=at(25), arrest__rhythm_at_destination="asystole"),
        NOT_MET,
    ),
    (
        "rosc_survival",
        case(ARREST, arrest__rosc_at=at(25), arrest__ended_reason="died_on_scene"),
        NOT_MET,
    ),
    ("rosc_survival", case(ARREST, ROSC, arrest__ended_reason="dnr"), EXCLUDED),
    ("rosc_utstein", case(UTSTEIN, ROSC), MET),
    ("rosc_utstein", case(UTSTEIN | {"arrest__first_rhythm": "asystole"}), NOT_APPLICABLE),
    ("rosc_utstein", case(UTSTEIN | {"arrest__witnessed_by": NOT_SAID}), UNKNOWN),
    ("rosc_utstein", case(ARREST), MISSING),
    ("survival_30d", case(ARREST, acts=[act("outcome", status_30d="alive")]), MET),
    ("survival_30d", case(ARREST, acts=[act("outcome", status_30d="dead")]), NOT_MET),
    ("survival_30d", case(ARREST, acts=[act("outcome", status_30d="unknown")]), UNKNOWN),
    ("survival_30d", case(ARREST, acts=[act("outcome", diagnosis="I46.9")]), MISSING),
    ("survival_30d", case(ARREST), MISSING),
    ("stemi_care_bundle", case(impressions=STEMI, vitals=PAIN, medications=GIVEN), MET),
    ("stemi_care_bundle", case(alerts=["stemi"], vitals=PAIN, medications=GIVEN), MET),
    ("stemi_care_bundle", case(impressions=STEMI, vitals=PAIN[:1], medications=GIVEN), NOT_MET),
    (
        "stemi_care_bundle",
        case(
            impressions=STEMI,
            vitals=PAIN,
            medications=[*GIVEN[:2], medication("Morphine", not_done=REFUSED)],
        ),
        EXCEPTED,
    ),
    (
        "stemi_care_bundle",
        case(
            impressions=STEMI,
            vitals=[vital("pain", 10, value="0"), vital("pain", 25, value="0")],
            medications=GIVEN[:2],
        ),
        EXCEPTED,  # nothing hurt: no analgesia was due
    ),
    (
        "stemi_care_bundle",
        case(impressions=STEMI, vitals=PAIN, medications=[*GIVEN[1:], medication("Heparin")]),
        NOT_MET,
    ),
    ("stroke_care_bundle", case(impressions=[impression("Headache")]), NOT_APPLICABLE),
    (
        "stroke_care_bundle",
        case(impressions=[impression("", "230690007")], vitals=[FAST, PRESSURE, GLUCOSE]),
        MET,
    ),
    ("stroke_care_bundle", case(alerts=["stroke"], vitals=[FAST, PRESSURE]), NOT_MET),
    ("stroke_call_to_hospital_median", case(vitals=[FAST]), NOT_APPLICABLE),
    (
        "stroke_call_to_hospital_median",
        case(vitals=[FAST], times__call=CALL, times__at_destination=at(47)),
        MET,
    ),
    ("stroke_call_to_hospital_median", case(vitals=[FAST], times__at_destination=at(47)), MISSING),
    (
        "stroke_call_to_hospital_median",
        case(vitals=[FAST], times__call=CALL, times__at_destination=at(-5)),
        UNKNOWN,
    ),
    (
        "sepsis_care_bundle",
        case(
            impressions=[impression("Sepsis")],
            vitals=SEPTIC,
            medications=[medication("Oxygen"), medication("Sodium chloride 0.9 %")],
            acts=[act("pre_alert", facility_id="RX1")],
        ),
        MET,
    ),
    (
        "sepsis_care_bundle",
        case(
            impressions=[impression("Sepsis")],
            vitals=SEPTIC,
            medications=[medication("Oxygen"), medication("Sodium chloride 0.9 %")],
        ),
        NOT_MET,
    ),
    (
        "sepsis_care_bundle",
        case(impressions=[impression("Sepsis")], vitals=[vital("news2", total="6", risk="medium")]),
        NOT_APPLICABLE,
    ),
    ("hypoglycaemia_recheck", case(vitals=[GLUCOSE]), NOT_APPLICABLE),
    (
        "hypoglycaemia_recheck",
        case(
            vitals=[
                vital("glucose", 10, unit="mmol/L", value="3.9"),
                vital("glucose", 25, unit="mmol/L", value="6.1"),
            ]
        ),
        MET,
    ),
    (
        "hypoglycaemia_recheck",
        case(
            vitals=[
                vital("glucose", 10, unit="mg/dL", value="50"),  # 2.775 mmol/L
                vital("glucose", 24, unit="mmol/L", value="6.1"),
            ]
        ),
        NOT_MET,
    ),
    ("hypoglycaemia_recheck", case(vitals=[vital("glucose", 1, value="4.0")]), NOT_APPLICABLE),
    (
        "asthma_care_bundle",
        case(
            impressions=[impression("Acute asthma")],
            vitals=ASTHMA,
            medications=[medication("Salbutamol"), medication("Oxygen")],
        ),
        MET,
    ),
    (
        "asthma_care_bundle",
        case(
            impressions=[impression("Acute asthma")],
            vitals=ASTHMA[:2],
            medications=[medication("Salbutamol"), medication("Oxygen")],
        ),
        NOT_MET,
    ),
    (
        "handover_within_15min",
        case(times__at_destination=at(40), times__handover=at(55)),
        MET,
    ),
    (
        "handover_within_15min",
        case(times__at_destination=at(40), times__handover=at(55.1)),
        NOT_MET,
    ),
    ("handover_within_15min", case(times__at_destination=at(40)), MISSING),
    ("handover_within_15min", case(times__at_destination=at(40), times__handover=at(39)), UNKNOWN),
    ("handover_within_15min", case(), NOT_APPLICABLE),
    ("pain_reassessed", case(vitals=PAIN), MET),
    ("pain_reassessed", case(vitals=PAIN[:1]), NOT_MET),
    ("pain_reassessed", case(vitals=PAIN[::-1][:1]), NOT_APPLICABLE),
]


def judged(name: str, given: Case) -> Verdict:
    found = indicator(name)
    assert found is not None
    version = found.version_at(given.call_at.date())
    assert version is not None
    return judge(version, given)


@pytest.mark.parametrize(("name", "given", "outcome"), BY_HAND)
def test_the_verdict_is_what_a_person_works_out(name: str, given: Case, outcome: Outcome) -> None:
    assert judged(name, given).outcome is outcome


def test_every_indicator_has_an_encounter_that_meets_it_and_one_it_does_not_apply_to() -> None:
    met = {name for name, _, outcome in BY_HAND if outcome in (MET, EXCEPTED)}
    assert met == set(INDICATORS)
    for name in INDICATORS:
        assert judged(name, case()).outcome is NOT_APPLICABLE


def test_a_verdict_names_its_parts_and_what_they_rest_on() -> None:
    given = case(
        impressions=STEMI,
        vitals=PAIN,
        medications=[*GIVEN[:2], medication("Morphine", not_done=REFUSED)],
    )
    verdict = judged("stemi_care_bundle", given)
    assert [(one.name, one.outcome) for one in verdict.elements] == [
        ("aspirin", MET),
        ("gtn", MET),
        ("two_pain_scores", MET),
        ("analgesia", EXCEPTED),
    ]
    analgesia = verdict.elements[-1].evidence
    assert [one.what for one in analgesia] == ["Morphine not done: refused", "pain", "pain"]
    assert analgesia[0].told_by == str(given.record.medications[2].item_id)


def test_a_median_counts_minutes() -> None:
    given = case(vitals=[FAST], times__call=CALL, times__at_destination=at(47.5))
    assert judged("stroke_call_to_hospital_median", given).minutes == Decimal("47.5")


def test_a_field_under_not_applicable_is_no_rather_than_unknown() -> None:
    given = case(arrest__resuscitation=field("", None, NotValue.NOT_APPLICABLE))
    assert judged("rosc_survival", given).outcome is NOT_APPLICABLE


@pytest.mark.parametrize("words", ["Aspirin 300 mg", "ASPIRIN", "acetylsalicylic-acid"])
def test_words_stand_for_a_code_that_nobody_chose(words: str) -> None:
    given = case(impressions=STEMI, vitals=PAIN, medications=[medication(words), *GIVEN[1:]])
    assert judged("stemi_care_bundle", given).outcome is MET


def test_a_code_decides_where_there_is_one_whatever_the_words_say() -> None:
    def coded(code: str) -> Case:
        medicines = [medication("Aspirin", code=code), *GIVEN[1:]]
        return case(impressions=STEMI, vitals=PAIN, medications=medicines)

    assert judged("stemi_care_bundle", coded("387458008")).outcome is MET
    assert judged("stemi_care_bundle", coded("372665008")).outcome is NOT_MET
