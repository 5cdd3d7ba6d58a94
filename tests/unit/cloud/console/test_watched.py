"""One encounter as the board holds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from cloud.api.console.happenings import banner
from cloud.api.console.watched import MOST_HAPPENINGS, WAVE_SECONDS, Watched
from cloud.api.console.waves import wave_payload
from cloud.core.encounters.tables import EncounterRow
from cloud.core.observations.queries import Tail
from protocols.model.codes import MdcCode
from protocols.model.crew import CrewEvent
from protocols.nomenclature.private import DEFIBRILLATOR_EVENT
from tests.fixtures.handovers import (
    BEATS,
    DEFIBRILLATOR,
    HEART_RATE,
    MONITOR,
    OXIMETER,
    PERCENT,
    RHYTHM,
    SPO2,
    START,
    V_FIB,
    arrest_handover,
    coded,
    ecg,
    numeric,
    text,
)


def watched(overlap: float = 0) -> Watched:
    row = EncounterRow(
        encounter_id="enc_1",
        status="in_progress",
        care_model="prehospital_emergency",
        vehicle_id="RTW-7",
        cad_incident_id="INC-77",
        chief_complaint={"code": "29857009", "display": "Chest pain"},
        crew_ids=["crew-11"],
        patient_pseudonym="secret pseudonym",
        sex="female",
        started_at=START,
        version=1,
    )
    return Watched(row, Tail(), overlap_seconds=overlap)


def second(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_what_is_read_twice_is_told_once() -> None:
    state = watched()
    found = [
        numeric(MONITOR, HEART_RATE, START, "80", BEATS),
        coded(DEFIBRILLATOR, RHYTHM, START, V_FIB),
        ecg(START),
    ]
    first: dict[str, Any] = state.take(found, {})
    assert set(first) == {"tiles", "events", "acuity", "waves"}
    assert state.take(found, {}) == {}


def test_a_snapshot_holds_numbers_events_and_seconds_of_ecg_but_no_person() -> None:
    state = watched()
    state.take(arrest_handover(60).observations, {})
    snapshot: dict[str, Any] = state.snapshot(START + second(60), {})
    assert snapshot["encounter"]["vehicle"] == "RTW-7"
    told = [snapshot["encounter"][fact] for fact in ("incident", "complaint", "sex")]
    assert told == ["INC-77", "Chest pain", "female"]
    assert set(snapshot["tiles"]) == {"hr", "spo2", "pulse", "nibp", "shock"}
    assert len(snapshot["waves"]) == 5 * WAVE_SECONDS
    assert snapshot["acuity"]["severity"] == "good"
    assert "secret" not in repr(snapshot)


def test_only_seconds_of_ecg_and_the_newest_events_are_kept() -> None:
    state = watched()
    state.take([ecg(START + second(0.2 * n)) for n in range(1000)], {})
    assert len(state.waves) <= 2 * 5 * WAVE_SECONDS + 1
    many = [
        text(DEFIBRILLATOR, DEFIBRILLATOR_EVENT, START + second(n), f"event {n}")
        for n in range(MOST_HAPPENINGS + 50)
    ]
    state.take(many, {})
    assert len(state.happenings) == MOST_HAPPENINGS
    assert state.happenings[-1].text == f"Event {MOST_HAPPENINGS + 49}"


def test_a_card_says_how_the_patient_is_and_why() -> None:
    state = watched()
    state.take([numeric(OXIMETER, SPO2, START, "97", PERCENT)], {})
    card: Any = state.summary(START + second(10), {})
    assert [(one["tile"], one["value"]) for one in card["numbers"]] == [("spo2", "97")]
    assert (card["urgency"], card["reason"]) == ("unknown", "")
    assert card["newest_at"] == START.isoformat()
    state.take([coded(DEFIBRILLATOR, RHYTHM, START, V_FIB)], {})
    card = state.summary(START, {})
    assert (card["urgency"], card["reason"]) == ("critical", "Ventricular fibrillation")


def test_the_score_is_told_when_it_changes_and_ages_by_itself() -> None:
    state = watched()
    state.take([numeric(OXIMETER, SPO2, START, "88", PERCENT)], {})
    told: Any = state.take_news(START)
    assert (told["news2"]["least"], told["news2"]["total"]) == (3, None)
    assert state.take_news(START + second(1)) == {}
    told = state.take_news(START + second(300))
    assert told["news2"]["least"] == 0


def test_of_several_leads_the_second_is_drawn_and_without_it_what_there_is() -> None:
    state = watched()
    other: Any = replace(ecg(START).observation, type=MdcCode.from_cf_code(131329))
    first: Any = state.take([replace(ecg(START), observation=other)], {})
    assert [one["lane"] for one in first["waves"]] == ["ecg"]
    state.take([ecg(START + second(0.2))], {})
    later = replace(other, observation_id=UUID(int=9))
    assert state.take([replace(ecg(START), observation=later)], {}) == {}


def test_a_waveform_chunk_is_sent_as_it_was_sampled() -> None:
    payload: Any = wave_payload(ecg(START, [1, -2, 3]), {"dev_monitor": "Cardio 3"})
    assert payload["samples"] == [1, -2, 3]
    assert payload["label"] == "ECG lead II \u00b7 Cardio 3"
    assert str(payload["scale"]) == "0.001"


def test_where_rows_may_commit_late_reading_goes_back_some_seconds() -> None:
    state = watched(overlap=3)
    for at, row in ((0, 10), (1, 20), (2, 30), (3, 40), (4, 50)):
        state.reach(Tail(observation=row), at)
    assert state.start == Tail(observation=20)
    assert state.cursor == "20-0"


def test_with_one_writer_there_is_nothing_to_read_again() -> None:
    state = watched()
    state.reach(Tail(observation=10, waveform=7), 0)
    state.reach(Tail(observation=20, waveform=9), 1)
    assert state.start == Tail(observation=20, waveform=9)


def crew_event(number: int, kind: str, *, undoes: CrewEvent | None = None) -> CrewEvent:
    return CrewEvent(
        event_id=UUID(int=number),
        kind=kind,
        at=START + second(number),
        by="crew-11",
        vehicle_id="RTW-7",
        undoes=undoes.event_id if undoes else None,
    )


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_what_the_crew_took_back_is_struck_through_and_leaves_the_banner(
    order: tuple[int, int],
) -> None:
    rosc = crew_event(1, "circulation_returned")
    pair = (rosc, crew_event(2, "undone", undoes=rosc))
    state = watched()
    changes = [state.take_crew([pair[place]]) for place in order]
    assert state.take_crew(pair) == {}
    (shown,) = [one.payload() for one in state.happenings]
    assert (shown["id"], shown["undone"]) == (str(rosc.event_id), True)
    told: Any = [change["events"] for change in changes if "events" in change]
    assert told[-1] == [shown]
    assert banner(state.happenings)["severity"] == "none"
