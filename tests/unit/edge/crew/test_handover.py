"""The handover in words and in its code: one local time, nothing cut in silence, nobody named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import msgspec
import pytest

from edge.commands.encounter import Binding
from edge.crew.handover import CUT, MOST_OCTETS, Handover, code_svg
from edge.crew.local_time import LocalTime
from edge.crew.readings import Readings
from edge.crew.told import Patient
from protocols.model.crew import CrewEvent
from tests.fixtures import crew_patient as make

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
LONDON = ZoneInfo("Europe/London")
PATIENT = Patient(
    family_name="Example", given_name="Ada", nhs_number="943 476 5919", age_years=67,
    sex="female", mechanism="Fall", allergies="Latex",
)  # fmt: skip


def event(kind: str, text: str = "", *, minutes: float = 0) -> CrewEvent:
    return CrewEvent(
        event_id=uuid4(), kind=kind, at=NOON + timedelta(minutes=minutes), by="crew-11",
        vehicle_id="AMB-7", text=text,
    )  # fmt: skip


def handover(patient: Patient = PATIENT, *events: CrewEvent) -> Handover:
    readings = Readings()
    readings.take(make.number(147842, NOON, "84", make.BEATS))
    shown = readings.payload("hr", {})
    assert shown is not None
    return Handover(
        patient=patient,
        encounter=Binding(encounter_id="enc_1", started_at=NOON, complaint="Hip pain"),
        numbers={"hr": shown},
        news2={"total": 3, "age_told": True},
        events=events,
        now=NOON + timedelta(minutes=40),
        local=LocalTime.of(LONDON, NOON),
    )


def drugs(count: int) -> list[CrewEvent]:
    return [event("drug", f"Adrenaline {n} mg IV", minutes=n) for n in range(1, count + 1)]


def test_the_handover_says_what_is_known_in_the_vehicles_time_and_names_its_zone() -> None:
    told = handover(PATIENT, event("shock", "200 J"), event("note", "wife called")).lines()
    assert [text for _, text in told] == [
        "67 years, female", "13:00 (all times BST, UTC+01:00)", "Fall; Hip pain", "",
        "HR 84 /min (13:00), NEWS2 3", "Latex", "13:00 Shock given: 200 J",
    ]  # fmt: skip
    assert [head[0] for head, _ in told] == list("ATMISAT")


def test_the_code_is_in_the_same_zone_and_holds_the_same() -> None:
    assert handover(PATIENT, event("shock", "200 J", minutes=5)).code().split("\n") == [
        "VITALWIRE HANDOVER 2026-07-01 13:40 BST, UTC+01:00",
        "ENCOUNTER enc_1",
        "ALLERGIES Latex",
        "A 60-69 years, female",
        "T 13:00",
        "M Fall; Hip pain",
        "I not told",
        "S HR 84 /min (13:00), NEWS2 3",
        "T 13:05 Shock given: 200 J",
    ]


def test_the_code_names_nobody() -> None:
    text = handover(PATIENT, *drugs(3)).code()
    for secret in ("Example", "Ada", "943", "67"):
        assert secret not in text
    assert code_svg(text).startswith(b"<svg")
    bare = replace(handover(Patient()), encounter=None).code()
    assert "A not told\nT no encounter" in bare
    assert "ENCOUNTER none\nALLERGIES not told" in bare


@pytest.mark.parametrize("count", [29, 200])
def test_a_code_without_room_leaves_out_the_oldest_treatment_and_says_so(count: int) -> None:
    whole = handover(PATIENT, *drugs(18)).code()
    assert CUT not in whole
    text = handover(PATIENT, *drugs(count)).code()
    assert MOST_OCTETS - 60 < len(text.encode()) <= MOST_OCTETS
    assert text.split("\n")[1] == CUT
    assert text.endswith(f"Adrenaline {count} mg IV")
    shown = text.count("Adrenaline")
    assert f"T ({count - shown} earlier NOT in this code) " in text
    assert "ALLERGIES Latex" in text
    assert "M Fall; Hip pain" in text


def test_a_long_text_ends_in_dots_and_the_newest_treatment_stays() -> None:
    wordy = msgspec.structs.replace(
        PATIENT, injuries="\u00e4" * 200, mechanism="\u00f6" * 200, allergies="\u00fc" * 60
    )
    text = handover(wordy, event("drug", "x" * 400), event("shock", "200 J", minutes=9)).code()
    assert len(text.encode()) <= MOST_OCTETS
    assert CUT in text
    assert "ALLERGIES " + "\u00fc" * 60 + "\n" in text
    assert "\u00e4...\n" in text
    assert text.endswith("13:09 Shock given: 200 J")


def test_what_can_never_fit_is_cut_with_its_mark() -> None:
    text = handover(msgspec.structs.replace(PATIENT, allergies="\u00fc" * 600), *drugs(3)).code()
    assert MOST_OCTETS - 2 <= len(text.encode()) <= MOST_OCTETS
    assert text.split("\n")[1] == CUT


@pytest.mark.parametrize(
    ("zone", "at", "minutes", "label"),
    [
        ("UTC", NOON, 0, "UTC"),
        ("Europe/London", NOON, 60, "BST, UTC+01:00"),
        ("Europe/London", NOON + timedelta(days=180), 0, "GMT, UTC+00:00"),
        ("Asia/Kathmandu", NOON, 345, "UTC+05:45"),
        ("America/St_Johns", NOON, -150, "NDT, UTC-02:30"),
    ],
)
def test_a_zone_is_named_so_that_nobody_mistakes_it(
    zone: str, at: datetime, minutes: int, label: str
) -> None:
    local = LocalTime.of(ZoneInfo(zone), at)
    assert (local.minutes, local.label) == (minutes, label)
    assert local.clock(at) == f"{at.astimezone(ZoneInfo(zone)):%H:%M}"
