"""The handover on paper, read by a library that did not write it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from pypdf import PdfReader

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import (
    Act,
    ActKind,
    Allergy,
    Coded,
    EncounterRecord,
    Field,
    History,
    Impression,
    Medication,
    NextOfKin,
    Note,
    NotValue,
    PatientIdentity,
    PatientOutline,
    PertinentNegative,
    Procedure,
    Vital,
)
from cloud.report.fonts import letters
from cloud.report.handover_pdf import MOST_GAPS, Printed, handover_pdf
from tests.fixtures.handovers import (
    BEATS,
    HEART_RATE,
    MONITOR,
    START,
    arrest_handover,
    handover,
    numeric,
)

PRINTED = Printed(by="Ada Byron (Hospital board)", at=datetime(2026, 11, 26, 12, 0, tzinfo=UTC))
ADA = PatientIdentity(
    family_name="Example",
    given_name="Nell",
    birth_date="1961-04",
    nhs_number="9434765919",
    nhs_number_status="unverified",
    address=("1 High Street",),
    city="Leeds",
    postcode="LS1 1AA",
    next_of_kin=NextOfKin(name="Tom Example", relationship="brother"),
)


def item(number: int) -> UUID:
    return UUID(int=number)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def told() -> EncounterRecord:
    """Something of everything that people tell."""
    fields = {
        "acuity": Field(path="acuity", value="critical", at=at(1)),
        "alerts": Field(path="alerts", value=("arrest",), at=at(1)),
        "narrative": Field(path="narrative", value="Found by a neighbour.", at=at(1)),
        "times.call": Field(path="times.call", value=at(-9), at=at(1)),
    }
    adrenaline = Coded("Adrenaline", "387362001", "http://snomed.info/sct")
    return EncounterRecord(
        fields=fields,
        vitals=(
            Vital(item_id=item(1), at=at(2), type="gcs", values=(("eye", "1"), ("total", "3"))),
            Vital(
                item_id=item(2),
                at=at(3),
                type="blood_pressure",
                values=(("systolic", Decimal(90)), ("diastolic", Decimal(50))),
                unit="mm[Hg]",
            ),
            Vital(item_id=item(3), at=at(3), type="glucose", not_value=NotValue.NOT_RECORDED),
            Vital(
                item_id=item(4),
                at=at(3),
                type="pef",
                values=(("value", Decimal(300)),),
                unit="L/min",
            ),
            Vital(item_id=item(5), at=at(3), type="avpu", values=(("level", "P"),)),
        ),
        medications=(
            Medication(
                item_id=item(6),
                at=at(2),
                code=adrenaline,
                dose=Decimal("1.0"),
                unit="mg",
                route=Coded("IV"),
            ),
            Medication(
                item_id=item(7),
                at=at(4),
                code=Coded("Amiodarone"),
                not_done=PertinentNegative.REFUSED,
            ),
        ),
        procedures=(
            Procedure(
                item_id=item(8), at=at(2), code=Coded("Intubation"), success=True, attempts=2
            ),
        ),
        impressions=(Impression(item_id=item(9), at=at(2), code=Coded("Cardiac arrest")),),
        allergies=(
            Allergy(item_id=item(10), at=at(2), status="not_asked"),
            Allergy(
                item_id=item(11), at=at(2), status="allergic", code=Coded("Latex"), reaction="rash"
            ),
        ),
        history=(History(item_id=item(12), at=at(2), kind="condition", code=Coded("Diabetes")),),
        notes=(Note(item_id=item(13), at=at(2), text="Wife on scene", before_arrival=True),),
        acts=(Act(act_id=item(14), kind=ActKind.PRE_ALERT, at=at(1), by="crew-11"),),
    )


def pages(of: Handover) -> list[str]:
    reader = PdfReader(BytesIO(handover_pdf(of, PRINTED)))
    return [page.extract_text() for page in reader.pages]


def whole(of: Handover) -> str:
    return " ".join(" ".join(pages(of)).split())


def test_every_page_says_which_record_it_is_who_printed_it_and_of_how_many() -> None:
    printed = pages(arrest_handover())
    assert len(printed) >= 2
    for number, page in enumerate(printed, 1):
        assert f"Page {number} of {len(printed)}" in page
        assert "Handover enc_1, version 1 of 2026-11-23 10:15:30 UTC" in page
        assert "by Ada Byron (Hospital board). Pseudonymised." in page


def test_the_numbers_of_each_minute_stand_with_their_digits() -> None:
    text = whole(arrest_handover())
    assert "Time HR /min SpO2 % Pulse /min NIBP mmHg" in text.replace("\u2082", "2")
    assert "10:14 83 97.0 82 128/80 (96); 92/- (70)" in text


def test_ecg_strips_are_as_long_as_their_seconds() -> None:
    text = whole(arrest_handover())
    assert "Ventricular fibrillation: ECG lead II, ECG-3, from 10:14:25.50 UTC" in text
    assert "25 mm/s, 10 mm/mV when printed at 100 %" in text


def test_gaps_events_and_devices_are_named() -> None:
    text = whole(arrest_handover())
    assert "10:14:19 2.0 s 500 samples ECG lead II, ECG-3" in text
    assert "10:14:40 Shock delivered" in text
    assert "pads <checked> & well connected" in text
    assert "Acme Medical DF-4 defib SN-DF-4" in text


def test_the_score_names_what_is_missing_and_gives_no_total_then() -> None:
    early = replace(arrest_handover(), handover_at=at(1.5))
    text = whole(early)
    assert "NEWS2 At 10:15:30: at least" in text
    assert "consciousness and temperature missing or too old." in text
    assert "Pulse 0" in text
    child = {"patient.age_years": Field(path="patient.age_years", value=9, at=at(0))}
    unfit = whole(replace(early, record=EncounterRecord(fields=child)))
    assert "The chart is not made for this patient (under 16)." in unfit


def test_a_whole_score_has_its_total_and_risk() -> None:
    seven: tuple[tuple[str, tuple[str, Decimal | str]], ...] = (
        ("respiration_rate", ("value", Decimal(18))),
        ("oxygen", ("flow", Decimal(0))),
        ("avpu", ("level", "A")),
        ("temperature", ("value", Decimal("36.8"))),
    )
    vitals = tuple(
        Vital(item_id=item(place), at=at(1), type=kind, values=(value,))
        for place, (kind, value) in enumerate(seven)
    )
    full = replace(arrest_handover(), handover_at=at(1.4), record=EncounterRecord(vitals=vitals))
    assert "NEWS2 At 10:15:24: 2, low risk." in whole(full)


def test_what_people_told_is_printed_and_what_was_not_done_says_why() -> None:
    text = whole(replace(arrest_handover(), record=told()))
    for words in (
        "Acuity critical",
        "Alerts ARREST",
        "Call 2026-11-23 10:05:00",
        "Adrenaline 1.0 mg IV",
        "Amiodarone NOT DONE: refused",
        "Intubation successful, 2 attempts",
        "GCS 3 (eye 1)",
        "Blood pressure 90/50 mmHg",
        "glucose no value: not recorded",
        "Peak flow 300 L/min",
        "AVPU level P",
        "Cardiac arrest impression",
        "Allergies were not asked for",
        "Latex rash",
        "Diabetes condition",
        "Wife on scene before arrival",
        "Found by a neighbour.",
        "Pre-alert sent",
    ):
        assert words in text, words


def test_an_identified_handover_says_who_it_is_and_that_it_is_confidential() -> None:
    outline = PatientOutline(status="known", pseudonym="5f", age_band="65-69")
    text = whole(replace(arrest_handover(), identity=ADA, patient=outline))
    for words in (
        "EXAMPLE, Nell",
        "943 476 5919 (not verified)",
        "1 High Street, Leeds, LS1 1AA",
        "Tom Example, brother",
        "female, 65-69 years",
        "CONFIDENTIAL: identified",
    ):
        assert words in text, words
    assert "EXAMPLE" not in whole(arrest_handover())


def test_an_encounter_without_anything_says_so() -> None:
    text = whole(replace(handover([]), devices=(), handover_at=at(9)))
    assert "Devices gave no numbers." in text
    assert "None: every sample that a device sent is here." in text
    assert "Handover 2026-11-23 10:23:00" in text


def test_a_long_ride_has_few_rows_and_tells_what_is_left_out() -> None:
    readings = [numeric(MONITOR, HEART_RATE, at(minute), "80", BEATS) for minute in range(180)]
    gap = arrest_handover().gaps[0]
    long = replace(handover(readings), gaps=(gap,) * (MOST_GAPS + 2))
    text = whole(long)
    assert "The newest reading of each 5 minutes" in text
    assert "And 2 more, in the electronic record." in text


def test_letters_the_font_lacks_are_shown_as_such_and_counted(tmp_path: Path) -> None:
    bundled = letters((tmp_path,))
    assert bundled.printable("Zo\u00eb") == ("Zo\u00eb", 0)
    assert bundled.printable("\u540d\u524d!") == ("??!", 2)
    assert bundled.printable("SpO\u2082 \u00b2") == ("SpO2 \u00b2", 0)
    named = replace(arrest_handover(), chief_complaint="\u540d")
    assert "1 letter could not be printed" in whole(named)


@pytest.mark.parametrize("of", [arrest_handover(), replace(arrest_handover(), record=told())])
def test_the_same_handover_is_the_same_document(of: Handover) -> None:
    assert handover_pdf(of, PRINTED) == handover_pdf(of, PRINTED)
