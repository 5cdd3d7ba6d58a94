"""What happened and what the banner says."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from cloud.api.console.happenings import (
    Happening,
    Severity,
    banner,
    crew_happening,
    happening_of,
)
from protocols.model.codes import MdcCode
from protocols.model.crew import CrewEvent
from protocols.nomenclature.private import (
    CHARGED,
    CIRCULATION_RETURNED,
    DEFIBRILLATOR_EVENT,
    SHOCK_DELIVERED,
)
from tests.fixtures.handovers import (
    BEATS,
    DEFIBRILLATOR,
    HEART_RATE,
    MONITOR,
    RHYTHM,
    START,
    V_FIB,
    coded,
    numeric,
    text,
)


def told(words: str) -> Happening:
    found = happening_of(text(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, START, words))
    assert found is not None
    return found


def rhythm(value: MdcCode, seconds: float = 0) -> Happening:
    at = START + timedelta(seconds=seconds)
    found = happening_of(coded(DEFIBRILLATOR, RHYTHM, at, value))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("value", "severity", "words"),
    [
        (V_FIB, Severity.CRITICAL, "Ventricular fibrillation"),
        (MdcCode(3, 3224), Severity.CRITICAL, "Ventricular tachycardia"),
        (MdcCode(3, 3076), Severity.CRITICAL, "Asystole"),
        (MdcCode(3, 272), Severity.WARNING, "Lead off"),
        (CHARGED, Severity.THERAPY, "Defibrillator charged"),
        (SHOCK_DELIVERED, Severity.THERAPY, "Shock delivered"),
        (CIRCULATION_RETURNED, Severity.GOOD, "Return of spontaneous circulation"),
        (MdcCode(3, 9999), Severity.WARNING, "Event 206607"),
        (MdcCode(2, 9999), Severity.INFO, "Event 141071"),
    ],
)
def test_codes_are_graded(value: MdcCode, severity: Severity, words: str) -> None:
    assert (rhythm(value).severity, rhythm(value).text) == (severity, words)


@pytest.mark.parametrize(
    ("words", "severity"),
    [
        ("return of spontaneous circulation", Severity.GOOD),
        ("ROSC", Severity.GOOD),
        ("shock delivered, 200 J", Severity.THERAPY),
        ("defibrillator charged to 200 J", Severity.THERAPY),
        ("no pulse", Severity.CRITICAL),
        ("rosco's bag opened", Severity.INFO),
        ("stand clear", Severity.INFO),
    ],
)
def test_words_are_graded(words: str, severity: Severity) -> None:
    assert told(words).severity is severity


def test_a_text_begins_with_a_capital_and_stays_short() -> None:
    assert told("  stand clear ").text == "Stand clear"
    assert len(told("x" * 5000).text) == 200


def test_measurements_and_empty_texts_are_no_events() -> None:
    assert happening_of(numeric(MONITOR, HEART_RATE, START, "80", BEATS)) is None
    assert happening_of(text(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, START, " ")) is None


def test_the_banner_follows_the_last_decisive_event_whatever_the_order_of_arrival() -> None:
    fibrillation, asystole = rhythm(V_FIB, 1), rhythm(MdcCode(3, 3076), 60)
    lead_off = rhythm(MdcCode(3, 272), 90)
    shown = banner([asystole, lead_off, fibrillation])
    assert shown == {"severity": "critical", "title": "Asystole", "at": asystole.at.isoformat()}


def test_without_decisive_events_there_is_no_banner() -> None:
    assert banner([rhythm(MdcCode(3, 272))])["severity"] == "none"


@pytest.mark.parametrize(
    ("kind", "severity"),
    [
        ("shock", Severity.THERAPY),
        ("cpr_started", Severity.CRITICAL),
        ("circulation_returned", Severity.GOOD),
        ("lamp_lit", Severity.INFO),
    ],
)
def test_what_the_crew_did_is_graded_and_named_as_theirs(kind: str, severity: Severity) -> None:
    event = CrewEvent(event_id=uuid4(), kind=kind, at=START, by="crew-11", vehicle_id="AMB-7")
    shown = crew_happening(event)
    assert shown.severity is severity
    assert shown.text == f"Crew: {event.words}"
    assert "crew-11" not in repr(shown.payload())
