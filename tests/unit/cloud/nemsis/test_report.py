"""A report of NEMSIS 3.5: every national element, in its order, with a value or a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from xml.etree import ElementTree as Xml

import pytest

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import (
    Coded,
    EncounterRecord,
    Field,
    Impression,
    Medication,
    NotValue,
    PatientIdentity,
    PertinentNegative,
    Procedure,
    Vital,
)
from cloud.nemsis.report import Agency, IncompleteReportError, nemsis_report
from protocols.model.quantity import SpecialValue
from tests.fixtures.handovers import (
    OXIMETER,
    PERCENT,
    SPO2,
    START,
    arrest_handover,
    handover,
    numeric,
    pressure,
)

NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
SNOMED: Final = "http://snomed.info/sct"
AGENCY: Final = Agency(
    state_id="058",
    number="350-058",
    state="04",
    dispatch_reason="2301019",
    equipment="2207015",
    response_mode="2223001",
)
# Written down by hand from a published report of the national data set, not from our table.
NATIONAL: Final = """
dAgency 01 02 04
eRecord 01 02 03 04
eResponse 01 03 04 05 07 08 09 10 11 12 13 14 23 24
eDispatch 01 02
eTimes 01 03 05 06 07 09 11 12 13
ePatient 07 08 09 13 14 15 16
ePayment 01 50
eScene 01 06 07 08 09 18 19 21
eSituation 01 02 07 08 09 10 11 12 13 18 20
eInjury 01 03 04
eArrest 01 02 03 04 07 09 11 12 14 16 17 18 20 21 22
eHistory 01 17
eVitals 01 02 03 04 05 06 10 12 14 16 18 19 20 21 22 26 27 29 30 31
eProtocols 01
eMedications 01 02 03 04 05 06 07 08 10
eProcedures 01 02 03 05 06 07 08 10
eDisposition 05 06 07 27 28 29 30 16 17 18 19 20 21 22 23 24 25 32
eOutcome 01 02 09 19 10 11 12 20 13 16 18
"""
MANDATORY: Final = {
    *("dAgency.01", "dAgency.02", "dAgency.04", "eRecord.01", "eRecord.02", "eRecord.03"),
    *("eRecord.04", "eResponse.01", "eResponse.05", "eResponse.07", "eResponse.13"),
    *("eResponse.14", "eResponse.23", "eDispatch.01", "eTimes.03", "eTimes.13"),
    "eDisposition.27",
}


def named(**fields: Any) -> dict[str, Field]:  # noqa: ANN401 - whatever a field holds
    """Fields by path, dots written as double underscores."""
    return {
        (path := name.replace("__", ".")): Field(path=path, value=value, at=START)
        for name, value in fields.items()
    }


TIMES: Final = named(
    times__unit_notified=START,
    times__back_in_service=START + timedelta(hours=1, microseconds=5),
    disposition="conveyed",
)


def told(given: Handover, **record: Any) -> Handover:  # noqa: ANN401 - parts of a record
    """The handover with what the data set demands, and more of a record."""
    fields = {**TIMES, **record.pop("fields", {})}
    return replace(given, record=EncounterRecord(fields=fields, **record))


def report(given: Handover) -> Xml.Element:
    return Xml.fromstring(nemsis_report(given, AGENCY))  # noqa: S314 - we wrote it


def leaves(root: Xml.Element) -> list[Xml.Element]:
    return [one for one in root.iter() if len(one) == 0]


def name_of(one: Xml.Element) -> str:
    return one.tag.rpartition("}")[2]


def elements(root: Xml.Element, name: str) -> list[Xml.Element]:
    return [one for one in root.iter() if name_of(one) == name]


def only(root: Xml.Element, name: str) -> Xml.Element:
    (found,) = elements(root, name)
    return found


def test_every_national_element_is_there_in_its_order() -> None:
    expected = [
        f"{section}.{number}"
        for section, *numbers in (line.split() for line in NATIONAL.strip().splitlines())
        for number in numbers
    ]
    assert [name_of(one) for one in leaves(report(told(handover([]))))] == expected


@pytest.mark.parametrize("given", [handover([]), arrest_handover()], ids=["nothing", "arrest"])
def test_an_element_has_a_value_or_says_why_not(given: Handover) -> None:
    for one in leaves(report(told(given))):
        if one.text:
            assert NIL not in one.attrib
            assert "NV" not in one.attrib
        else:
            assert one.attrib[NIL] == "true"
            assert ("NV" in one.attrib) != ("PN" in one.attrib), name_of(one)
            assert name_of(one) not in MANDATORY


def test_what_is_mandatory_and_was_not_told_is_named() -> None:
    with pytest.raises(IncompleteReportError) as refused:
        nemsis_report(handover([]), Agency())
    assert set(refused.value.missing) == {
        *("dAgency.01", "dAgency.02", "dAgency.04", "eResponse.01", "eResponse.07"),
        *("eResponse.23", "eDispatch.01", "eTimes.03", "eTimes.13", "eDisposition.27"),
    }


def test_times_have_an_offset_in_digits() -> None:
    later = named(times__call=datetime(2026, 11, 23, 9, 58, 1, 900_000, tzinfo=UTC))
    root = report(told(handover([]), fields=later))
    assert only(root, "eTimes.01").text == "2026-11-23T09:58:01+00:00"
    unknown = {"times.call": Field(path="times.call", value=None, at=START)}
    why = replace(unknown["times.call"], not_value=NotValue.NOT_APPLICABLE)
    root = report(told(handover([]), fields={"times.call": why}))
    assert only(root, "eTimes.01").attrib["NV"] == "7701001"


def test_findings_of_one_minute_stand_in_one_group() -> None:
    given = handover(
        [
            numeric(OXIMETER, SPO2, START, "97.4", PERCENT),
            pressure(START + timedelta(seconds=20), "128.5", "80", "96"),
            numeric(OXIMETER, SPO2, START + timedelta(minutes=1), SpecialValue.NAN, PERCENT),
            numeric(
                OXIMETER, SPO2, START + timedelta(minutes=2), "130", PERCENT, flags=("implausible",)
            ),
        ]
    )
    gcs = Vital(
        item_id=UUID(int=1),
        at=START + timedelta(seconds=40),
        type="gcs",
        values=(("eye", Decimal(4)), ("verbal", "NT"), ("motor", Decimal(6))),
        before_arrival=True,
    )
    refused = Vital(item_id=UUID(int=2), at=START, type="pain", not_done=PertinentNegative.REFUSED)
    root = report(told(given, vitals=(gcs, refused)))
    first, before, second = elements(root, "eVitals.VitalGroup")
    assert only(first, "eVitals.12").text == "97"
    assert only(first, "eVitals.06").text == "129"
    assert only(first, "eVitals.27").attrib == {NIL: "true", "PN": "8801019"}
    assert (only(first, "eVitals.02").text, only(before, "eVitals.02").text) == (
        "9923001",
        "9923003",
    )
    assert only(before, "eVitals.19").text == "4"
    assert only(before, "eVitals.20").attrib["NV"] == "7701003"
    assert only(second, "eVitals.12").attrib == {NIL: "true", "PN": "8801023"}
    correlations = {one.attrib["CorrelationID"] for one in (first, before, second)}
    assert len(correlations) == 3


@pytest.mark.parametrize(
    ("kind", "value", "unit", "name", "text", "attributes"),
    [
        ("glucose", "5.5", "mmol/L", "eVitals.18", "99", {}),
        ("glucose", "105", "mg/dL", "eVitals.18", "105", {}),
        ("etco2", "35.4", "mm[Hg]", "eVitals.16", "35", {"ETCO2Type": "3340001"}),
        ("etco2", "4.66", "kPa", "eVitals.16", "4.7", {"ETCO2Type": "3340005"}),
    ],
)
def test_numbers_come_in_the_data_sets_units(
    kind: str, value: str, unit: str, name: str, text: str, attributes: dict[str, str]
) -> None:
    found = Vital(
        item_id=UUID(int=1), at=START, type=kind, values=(("value", Decimal(value)),), unit=unit
    )
    one = only(report(told(handover([]), vitals=(found,))), name)
    assert (one.text, one.attrib) == (text, attributes)


def test_what_was_given_and_what_was_not_keep_their_codes() -> None:
    adrenaline = Medication(
        item_id=UUID(int=1),
        at=START,
        code=Coded("Adrenaline", "387362001", SNOMED),
        dose=Decimal("1.0"),
        unit="mg",
        route=Coded("Intravenous", "47625008", SNOMED),
    )
    aspirin = Medication(
        item_id=UUID(int=2),
        at=START,
        code=Coded("Aspirin", "387458008", SNOMED),
        not_done=PertinentNegative.MEDICATION_ALLERGY,
    )
    unknown = Medication(item_id=UUID(int=3), at=START, code=Coded("own tablets"), unit="{puff}")
    airway = Procedure(
        item_id=UUID(int=4),
        at=START,
        code=Coded("i-gel", "424979004", SNOMED),
        success=True,
        attempts=2,
    )
    root = report(
        told(handover([]), medications=(adrenaline, aspirin, unknown), procedures=(airway,))
    )
    first, second, third = elements(root, "eMedications.MedicationGroup")
    assert only(first, "eMedications.03").attrib == {"CodeType": "9924005"}
    assert only(first, "eMedications.04").text == "9927023"
    assert (only(first, "eMedications.05").text, only(first, "eMedications.06").text) == (
        "1.0",
        "3706021",
    )
    not_given = only(second, "eMedications.03")
    assert (not_given.text, not_given.attrib["PN"]) == ("387458008", "8801007")
    assert only(third, "eMedications.03").attrib == {NIL: "true", "NV": "7701003"}
    assert only(third, "eMedications.05").attrib["NV"] == "7701003"
    assert (only(root, "eProcedures.05").text, only(root, "eProcedures.06").text) == (
        "2",
        "9923003",
    )
    assert first.attrib["CorrelationID"] == str(UUID(int=1))


def test_an_arrest_is_told_in_the_data_sets_words() -> None:
    fields = named(
        arrest__etiology="cardiac",
        arrest__witnessed_by="bystander",
        arrest__first_rhythm="ventricular_fibrillation",
        arrest__rosc_at=START,
        arrest__ended_reason="rosc",
        arrest__rhythm_at_destination="sinus_rhythm",
    )
    root = report(told(handover([]), fields=fields))
    found = {number: only(root, f"eArrest.{number}").text for number in ("02", "04", "11", "12")}
    assert found == {"02": "3002001", "04": "3004007", "11": "3011011", "12": "3012005"}
    assert only(root, "eArrest.16").text == "3016011"
    assert only(root, "eArrest.17").text == "9901047"
    assert only(root, "eArrest.18").text == "3018007"
    assert only(root, "eArrest.01").attrib["NV"] == "7701003"
    without = report(told(handover([])))
    assert only(without, "eArrest.02").attrib["NV"] == "7701001"


@pytest.mark.parametrize(
    ("word", "unit", "transport"),
    [
        ("conveyed", "4227001", "4230001"),
        ("refused_transport", "4227001", "4230009"),
        ("no_patient_found", "4227009", "4230013"),
    ],
)
def test_how_it_ended_is_told(word: str, unit: str, transport: str) -> None:
    root = report(told(handover([]), fields=named(disposition=word)))
    assert only(root, "eDisposition.27").text == unit
    assert only(root, "eDisposition.30").text == transport


def test_impressions_are_those_with_a_code_of_icd_10() -> None:
    def impression(number: int, code: str, system: str, *, first: bool = False) -> Impression:
        coded = Coded("words", code, system)
        return Impression(item_id=UUID(int=number), at=START, code=coded, is_primary=first)

    icd = "http://hl7.org/fhir/sid/icd-10"
    given = (
        impression(1, "R07.9", icd),
        impression(2, "I21.9", icd, first=True),
        impression(3, "57054005", SNOMED),
    )
    root = report(told(handover([]), impressions=given))
    assert only(root, "eSituation.11").text == "I21.9"
    assert [one.text for one in elements(root, "eSituation.12")] == ["R07.9"]


def test_nobody_is_named_and_nothing_breaks_out_of_its_element() -> None:
    odd = told(replace(handover([]), vehicle_id='<a href="x">&amp;</a>'))
    root = report(odd)
    assert only(root, "eResponse.13").text == '<a href="x">&amp;</a>'
    assert only(root, "ePatient.09").attrib["NV"] == "7701003"
    known = replace(odd, identity=PatientIdentity(family_name="Ann", postcode="LS1 1AA"))
    assert only(report(known), "ePatient.09").text == "LS1 1AA"
    assert b"Ann" not in nemsis_report(known, AGENCY)
    assert nemsis_report(known, AGENCY) == nemsis_report(known, AGENCY)
