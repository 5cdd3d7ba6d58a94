"""What the page says in words: events, devices, the link, the handover and its code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from edge.commands.encounter import Binding
from edge.crew.guard import allowed_hosts
from edge.crew.happenings import DeviceTales, by_time, crew_payload, is_listed
from edge.crew.policy import CrewPolicy
from edge.crew.told import Assessment, Patient, Told
from edge.crew.viewers import MOST_FRAMES, Viewers
from edge.crew.words import devices_in_words, uplink_in_words
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.crew import CrewEvent
from protocols.model.observation import TextObservation
from protocols.nomenclature.private import CIRCULATION_RETURNED, SHOCK_DELIVERED
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import device, link, status

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NAMES = {make.OXIMETER: "OX-1"}
KILOPASCAL, FAHRENHEIT = UnitCode(3843), UnitCode(4416)


def second(number: float) -> timedelta:
    return timedelta(seconds=number)


# ---- what happened


def test_devices_tell_once_until_they_tell_something_else() -> None:
    tales = DeviceTales()
    shock = make.finding(NOON, SHOCK_DELIVERED)
    line = tales.take(shock, {make.DEFIBRILLATOR: "Rescue 4"})
    assert line is not None
    assert (line["grade"], line["by"], line["from"]) == ("therapy", "Rescue 4", "device")
    assert tales.take(replace(shock, observation_id=uuid4()), {}) is None
    grades = [
        told["grade"]
        for value in (CIRCULATION_RETURNED, MdcCode(3, 3198), MdcCode(2, 4), MdcCode(9, 9))
        if (told := tales.take(make.finding(NOON, value), {}))
    ]
    assert grades == ["good", "warning", "info", "info"]
    words = TextObservation(
        observation_id=uuid4(), type=MdcCode(2, 102), observed_at=make.at_received(NOON),
        device=make.CUFF, text=" stand clear ",
    )  # fmt: skip
    told = tales.take(words, {})
    assert told is not None
    assert told["text"] == "Stand clear"
    assert tales.take(replace(words, text=" "), {}) is None
    assert len(tales.lines()) == 6
    tales.clear()
    assert tales.lines() == []


def event(kind: str, text: str = "", *, minutes: float = 0) -> CrewEvent:
    return CrewEvent(
        event_id=uuid4(), kind=kind, at=NOON + timedelta(minutes=minutes), by="crew-11",
        vehicle_id="AMB-7", text=text,
    )  # fmt: skip


def test_the_crews_lines_are_graded_and_sorted() -> None:
    lines = [
        crew_payload(one, is_undone=False, is_saved=True)
        for one in (event("shock"), event("note", "x", minutes=1))
    ]
    assert [line["grade"] for line in by_time(lines)] == ["info", "therapy"]
    assert not is_listed(event("undone"))
    assert is_listed(event("a_kind_of_tomorrow"))


# ---- words


def test_devices_that_need_a_hand_come_first() -> None:
    told = devices_in_words(
        status(
            devices=[
                device("gone", "ended"),
                device("good") | {"battery_percent": 40},
                device("new", "associated"),
                device("lost", "bond_lost"),
                device("late") | {"clock_fault": True},
                device("odd", "dancing_slowly"),
            ]
        )
    )
    assert [one["name"] for one in told] == ["lost", "late", "new", "odd", "good", "gone"]
    by_name = {one["name"]: one for one in told}
    assert by_name["good"]["battery"] == "battery 40 %"
    assert "clock is wrong" in str(by_name["late"]["words"])
    assert by_name["odd"]["words"] == "dancing slowly"
    many = devices_in_words(status(devices=[device(str(n), "ended") for n in range(20)]))
    assert len(many) == 6


@pytest.mark.parametrize(
    ("state", "words", "grade"),
    [
        ("receiving", "battery is low; sending readings", "warn"),
        ("stale", "has fallen silent; battery is low", "bad"),
        ("ended", "gone", "off"),
    ],
)
def test_a_low_battery_is_said_in_words(state: str, words: str, grade: str) -> None:
    low = {"battery_percent": 9, "is_battery_low": True}
    (told,) = devices_in_words(status(devices=[device("OX-1", state) | low]))
    assert (told["words"], told["grade"], told["battery"]) == (words, grade, "battery 9 %")


@pytest.mark.parametrize("what", ["events_outside_buffer", "photographs_outside_buffer"])
def test_what_the_buffer_could_not_take_yet_is_not_sent(what: str) -> None:
    told = uplink_in_words(status(crew={what: 2}), NOON)
    assert (told["state"], told["waiting"], told["all_sent"]) == ("up", 2, False)
    assert uplink_in_words(status(crew=None), NOON)["all_sent"] is True


@pytest.mark.parametrize(
    ("links", "waiting", "state", "all_sent"),
    [
        ([link()], 0, "up", True),
        ([link()], 3, "up", False),
        ([link(is_up=False)], 0, "down", False),
        ([link(is_up=False), link()], 0, "up", True),
        ([link() | {"vain_since": "2026-11-23T12:00:00+00:00"}], 0, "down", False),
        ([], 0, "none", False),
    ],
)
def test_everything_is_sent_only_with_a_link_and_nothing_waiting(
    links: list[dict[str, Any]], waiting: int, state: str, all_sent: bool
) -> None:
    told = uplink_in_words(
        status(
            uplink={"links": links},
            buffer={"waiting": {"events": waiting}, "oldest_seconds": 9.0, "is_full": False},
        ),
        NOON,
    )
    assert (told["state"], told["all_sent"]) == (state, all_sent)
    assert told["oldest_at"] == NOON.timestamp() - 9


@pytest.mark.parametrize(
    ("standing", "is_used", "words"),
    [
        ("slow", True, "connected to the hospital, slowly"),
        ("unsteady", True, "connected to the hospital, slowly"),
        ("slow", False, "connected to the hospital"),
        ("good", True, "connected to the hospital"),
    ],
)
def test_a_slow_way_is_told_while_it_is_the_one_that_is_used(
    standing: str, words: str, *, is_used: bool
) -> None:
    links = [link() | {"standing": standing, "is_used": is_used}]
    told = uplink_in_words(status(uplink={"links": links}), NOON)
    assert (told["state"], told["words"]) == ("up", words)


@pytest.mark.parametrize(
    ("profile", "is_here", "held", "is_told"),
    [("thin", False, 7, True), ("thin", True, 0, True), ("full", False, 0, False)],
)
def test_curves_that_wait_for_the_station_are_told_apart_from_a_backlog(
    profile: str, held: int, *, is_here: bool, is_told: bool
) -> None:
    budget = {"profile": profile, "holds_waveforms": profile == "thin" and not is_here}
    station = {"is_here": is_here, "words": "in words", "until": None, "why": "nothing"}
    told = uplink_in_words(
        status(
            uplink={"links": [link()], "budget": budget},
            buffer={"waiting": {"events": 2, "waveforms": 7}, "is_full": False},
            station=station,
        ),
        NOON,
    )
    shown = {"is_here": is_here, "words": "in words", "until": None}
    assert (told["held"], told["station"]) == (held, shown if is_told else None)
    assert (told["waiting"], told["all_sent"]) == (9, False)


# ---- who it is

PATIENT = Patient(
    family_name="Example", given_name="Ada", nhs_number="943 476 5919", age_years=67,
    sex="female", mechanism="Fall",
)  # fmt: skip


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        ("1960-02-29", "2026-02-28", 65),
        ("1960-02-29", "2026-03-01", 66),
        ("2026-01-01", "2026-01-01", 0),
    ],
)
def test_an_age_is_whole_years(born: str, today: str, age: int) -> None:
    patient = Patient(born=datetime.fromisoformat(born).date(), age_years=3)
    assert patient.age(datetime.fromisoformat(today).date()) == age


def bound(encounter_id: str, *, is_from_dispatch: bool = True) -> Binding:
    return Binding(encounter_id=encounter_id, started_at=NOON, is_from_dispatch=is_from_dispatch)


def told_in(folder: Path, binding: Binding | None) -> Told:
    told = Told(folder)
    told.open(binding)
    return told


def test_what_was_told_of_one_patient_is_gone_with_the_next(tmp_path: Path) -> None:
    told = told_in(tmp_path, bound("enc_1"))
    told.keep(patient=PATIENT)
    told.keep(assessment=Assessment(on_oxygen=True))
    again = told_in(tmp_path, bound("enc_1"))
    assert (again.patient, again.assessment.on_oxygen) == (PATIENT, True)
    again.open(bound("enc_2"))
    assert (again.patient, again.aside) == (Patient(), None)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "patient.json").write_text("{")
    again.open(bound("enc_3"))
    assert again.patient == Patient()


@pytest.mark.parametrize(("minutes", "goes_along"), [(1, True), (61, False)])
def test_what_was_told_shortly_before_an_encounter_goes_along(
    tmp_path: Path, minutes: int, *, goes_along: bool
) -> None:
    told_in(tmp_path, None).keep(patient=PATIENT, at=NOON - timedelta(minutes=minutes))
    told = told_in(tmp_path, bound("enc_1"))
    assert (told.patient == PATIENT) is goes_along
    assert (told.aside is None) is goes_along
    assert told_in(tmp_path, bound("enc_1")).patient == told.patient
    told.open(None)
    assert list(tmp_path.iterdir()) == []


def test_what_was_set_aside_is_taken_over_under_what_was_told_anew(tmp_path: Path) -> None:
    told = told_in(tmp_path, bound("own", is_from_dispatch=False))
    told.keep(patient=PATIENT, assessment=Assessment(on_oxygen=True))
    again = told_in(tmp_path, bound("enc_1"))
    assert again.patient == Patient()
    again.keep(patient=Patient(given_name="Eve"))
    again.settle(is_same=True)
    assert again.patient == msgspec.structs.replace(PATIENT, given_name="Eve")
    assert again.assessment.on_oxygen is True
    assert told_in(tmp_path, bound("enc_1")).aside is None


def test_what_was_told_is_not_kept_longer_than_needed(tmp_path: Path) -> None:
    told = told_in(tmp_path, bound("enc_1"))
    told.keep(patient=PATIENT, at=NOON)
    told.forget(NOON)
    assert told.patient == PATIENT
    told.forget(NOON + timedelta(seconds=1))
    assert (told.patient, list(tmp_path.iterdir())) == (Patient(), [])


# ---- screens and settings


async def test_a_screen_that_falls_behind_is_shown_everything_anew() -> None:
    viewers = Viewers(2)
    viewers.tell("change", {})
    with viewers.watching() as viewer:
        viewers.tell("change", {})
        assert await viewer.wait(0.01) == []
        viewer.is_behind = False
        viewers.tell("change", {"a": Decimal("1.50")})
        assert await viewer.wait(1) == [b'event: change\ndata: {"a":"1.50"}\n\n']
        for _ in range(MOST_FRAMES + 1):
            viewers.tell("change", {})
        assert viewer.is_behind
        assert await viewer.wait(1) == []
        viewers.wake()
        assert await viewer.wait(1) == []
    assert (len(viewers), viewers.has_room) == (0, True)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"listen": "0.0.0.0:8080"}, "tcp:HOST:PORT"),
        ({"listen": "tcp:0.0.0.0:99999"}, "tcp:HOST:PORT"),
        ({"hosts": ("Vehicle!",)}, "host name"),
        ({"drugs": ("Adrenaline",)}, "usual dose"),
        ({"members": ("x",) * 33}, "at most"),
        ({"lock_seconds": 5.0}, "lock_seconds"),
        ({"keep_hours": 0.0}, "keep_hours"),
        ({"photograph_octets": 10}, "photograph_octets"),
    ],
)
def test_settings_that_cannot_be_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        CrewPolicy(**given)


def test_the_usual_settings_are_good_and_off() -> None:
    policy = CrewPolicy()
    assert policy.listen == ""
    assert policy.drug_list[0].words == "Adrenaline 1 mg IV"
    assert allowed_hosts(("Vehicle.Local.",)) == {"vehicle.local"}
