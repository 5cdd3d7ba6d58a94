"""What a hospital has already is corrected under its version, or marked as entered in error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from cloud.core.encounters import ending, handing_over, patients
from cloud.core.encounters.patients import ToldPatient
from cloud.core.encounters.rebinding import Move, move_readings
from cloud.core.encounters.record import PatientIdentity
from cloud.core.exchange import deliveries
from cloud.core.kernel.work import UnitOfWork
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import Exchange, exchange_of
from tests.fixtures.hospitals import Resource, Said, ScriptedHospital, scripted_hospital

ANNE = PatientIdentity(family_name="Ann", given_name="Mary", sex="female")
ANNA = PatientIdentity(family_name="Anne", given_name="Mary", sex="female")


@pytest.fixture
def hospital() -> Iterator[ScriptedHospital]:
    with scripted_hospital() as opened:
        yield opened


@pytest.fixture
def exchange(embedded: Installation) -> Exchange:
    return exchange_of(embedded)


def act(exchange: Exchange, of: Callable[[UnitOfWork], object]) -> None:
    """Something happens, and is told to who waits."""
    exchange.pass_(60)
    with exchange.cloud.database.begin(now=exchange.cloud.clock()) as work:
        of(work)
    exchange.relay()


def identify(exchange: Exchange, encounter_id: str, identity: PatientIdentity) -> None:
    vault, caller = exchange.cloud.parts.vault, exchange.cloud.mine.caller
    told = ToldPatient(identity=identity)
    act(exchange, lambda work: patients.identify(work, vault, caller, encounter_id, told))


def correct(exchange: Exchange, encounter_id: str, identity: PatientIdentity) -> None:
    vault, caller = exchange.cloud.parts.vault, exchange.cloud.mine.caller
    act(
        exchange,
        lambda work: patients.correct(work, vault, caller, encounter_id, identity, "misspelt"),
    )


@pytest.fixture
def told(exchange: Exchange, hospital: ScriptedHospital) -> str:
    """An encounter of a known patient, handed over to a hospital that may know who it is."""
    exchange.connect(hospital.url, is_identified=True)
    encounter_id = exchange.open_encounter("97", "96")
    identify(exchange, encounter_id, ANNE)
    exchange.hand_over(encounter_id)
    assert exchange.deliver() == 1
    assert hospital.of_type("Patient")[0]["name"][0]["family"] == "Ann"
    return encounter_id


def updates(octets: bytes) -> list[tuple[str, str]]:
    """Type and If-Match of every update in a transaction."""
    return [
        (one["resource"]["resourceType"], one["request"].get("ifMatch", ""))
        for one in json.loads(octets)["entry"]
        if one["request"]["method"] == "PUT"
    ]


def charted(hospital: ScriptedHospital) -> list[Resource]:
    """The observations of a patient; those of a device's clock are not."""
    return [
        one
        for one in hospital.of_type("Observation")
        if one["subject"]["reference"].startswith("Patient/")
    ]


def test_a_corrected_name_is_an_update_over_the_version_we_know(
    exchange: Exchange, hospital: ScriptedHospital, told: str
) -> None:
    before = {kind: len(hospital.of_type(kind)) for kind in ("Patient", "Observation")}
    correct(exchange, told, ANNA)
    assert exchange.deliver() == 1
    changed = updates(hospital.heard[-1].body)
    assert ("Patient", 'W/"1"') in changed
    assert {kind for kind, _ in changed} <= {"Patient", "Encounter", "Composition"}
    (person,) = hospital.of_type("Patient")
    assert (person["name"][0]["family"], person["meta"]["versionId"]) == ("Anne", "2")
    assert {kind: len(hospital.of_type(kind)) for kind in before} == before
    correct(exchange, told, ANNE)
    exchange.deliver()
    assert ("Patient", 'W/"2"') in updates(hospital.heard[-1].body)
    assert exchange.states() == ["taken"] * 3


def test_an_update_whose_answer_was_lost_is_found_to_have_arrived(
    exchange: Exchange, hospital: ScriptedHospital, told: str
) -> None:
    hospital.script.append(Said(hangs_up=True, carries_out=True))
    correct(exchange, told, ANNA)
    assert exchange.deliver() == 1
    exchange.pass_(600)
    assert exchange.deliver() == 1
    row = exchange.deliveries()[-1]
    assert (row.state, row.reason) == ("taken", "there_already")
    (person,) = hospital.of_type("Patient")
    assert person["meta"]["versionId"] == "2"
    # The next correction goes over the version that was read.
    correct(exchange, told, ANNE)
    assert exchange.deliver() == 1
    assert exchange.states()[-1] == "taken"


def test_what_the_hospital_changed_itself_is_overwritten_by_a_person_alone(
    exchange: Exchange, hospital: ScriptedHospital, told: str
) -> None:
    (person,) = hospital.of_type("Patient")
    person["name"][0]["family"] = "Smith"
    person["meta"]["versionId"] = "7"
    correct(exchange, told, ANNA)
    assert exchange.deliver() == 1
    row = exchange.deliveries()[-1]
    assert (row.state, row.response_status) == ("conflict", 412)
    assert hospital.of_type("Patient")[0]["name"][0]["family"] == "Smith"
    exchange.pass_(86_400)
    assert exchange.deliver() == 0
    caller = exchange.cloud.mine.caller
    act(
        exchange,
        lambda work: deliveries.replay(work, caller, row.delivery_id, is_fresh=True),
    )
    assert exchange.deliver() == 1
    assert exchange.states()[-2:] == ["conflict", "taken"]
    (person,) = hospital.of_type("Patient")
    assert (person["name"][0]["family"], person["meta"]["versionId"]) == ("Anne", "8")


def test_the_record_of_a_wrong_patient_is_entered_in_error_and_made_anew(
    exchange: Exchange, hospital: ScriptedHospital, told: str
) -> None:
    wrong = {one["id"] for one in charted(hospital)}
    vault, caller = exchange.cloud.parts.vault, exchange.cloud.mine.caller
    act(exchange, lambda work: patients.unlink(work, vault, caller, told, "mixed up"))
    assert exchange.deliver() == 1
    row = exchange.deliveries()[-1]
    assert (row.kind, row.state, row.parts) == ("unlinking", "taken", 2)
    observations = charted(hospital)
    for one in observations:
        assert (one["status"] == "entered-in-error") == (one["id"] in wrong)
    assert len(observations) == 2 * len(wrong)
    right = {one["subject"]["reference"] for one in observations if one["id"] not in wrong}
    old = {one["subject"]["reference"] for one in observations if one["id"] in wrong}
    assert len(right) == len(old) == 1
    assert right != old
    assert len(hospital.of_type("Patient")) == 2
    states = sorted(one["status"] for one in hospital.of_type("Encounter"))
    assert states[0] == "entered-in-error"
    assert len(states) == 2


def test_a_patient_who_becomes_known_takes_the_record_along(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange.connect(hospital.url, is_identified=True)
    encounter_id = exchange.open_encounter("97")
    exchange.hand_over(encounter_id)
    exchange.deliver()
    identify(exchange, encounter_id, ANNE)
    exchange.deliver()
    assert exchange.states() == ["taken", "taken"]
    known = next(one for one in hospital.of_type("Patient") if "family" in str(one.get("name")))
    subjects = {one["subject"]["reference"] for one in charted(hospital)}
    assert subjects == {f"Patient/{known['id']}"}
    assert all(one["status"] != "entered-in-error" for one in hospital.of_type("Observation"))


@pytest.mark.parametrize("way", ["called off", "elsewhere"])
def test_a_hospital_that_was_alerted_hears_that_nobody_comes(
    exchange: Exchange, hospital: ScriptedHospital, way: str
) -> None:
    exchange.connect(hospital.url)
    encounter_id = exchange.open_encounter("97")
    exchange.pre_alert(encounter_id)
    assert exchange.deliver() == 1
    caller = exchange.cloud.mine.caller

    def end(work: UnitOfWork) -> Any:  # noqa: ANN401 - whatever it gives
        if way == "called off":
            return ending.cancel(work, caller, encounter_id, reason="no patient")
        return handing_over.change_destination(
            work, caller, encounter_id, facility_id="RJ999", reason="nearer"
        )

    act(exchange, end)
    assert exchange.deliver() == 1
    assert [row.kind for row in exchange.deliveries()] == ["pre_alert", "withdrawal"]
    assert exchange.states() == ["taken", "taken"]
    for kind in ("Encounter", "Composition"):
        assert {one["status"] for one in hospital.of_type(kind)} == {"entered-in-error"}
    for one in charted(hospital):
        assert one["status"] == "entered-in-error"


def test_nobody_is_told_to_forget_what_never_arrived(
    exchange: Exchange, hospital: ScriptedHospital
) -> None:
    exchange.connect(hospital.url)
    hospital.script.append(Said(422))
    encounter_id = exchange.open_encounter()
    exchange.pre_alert(encounter_id)
    exchange.deliver()
    caller = exchange.cloud.mine.caller
    act(exchange, lambda work: ending.cancel(work, caller, encounter_id, reason="no patient"))
    heard = len(hospital.heard)
    assert exchange.deliver() == 1
    assert len(hospital.heard) == heard
    assert exchange.states() == ["refused", "taken"]


def test_readings_that_were_another_patients_are_withdrawn_and_made_anew_for_that_one(
    exchange: Exchange, hospital: ScriptedHospital, told: str
) -> None:
    other = exchange.open_encounter("91")
    exchange.hand_over(other)
    exchange.deliver()
    before = len(charted(hospital))
    move = Move(
        from_encounter_id=told,
        to_encounter_id=other,
        since=exchange.cloud.clock() - timedelta(days=1),
        until=exchange.cloud.clock(),
        reason="the other patient's finger",
    )
    act(exchange, lambda work: move_readings(work, exchange.cloud.mine.caller, move))
    exchange.deliver()
    assert set(exchange.states()) == {"taken"}
    found = charted(hospital)
    withdrawn = [one for one in found if one["status"] == "entered-in-error"]
    assert len(withdrawn) == 2
    assert all(one["identifier"][0]["value"].endswith("-withdrawn") for one in withdrawn)
    assert len(found) == before + 2
    theirs = {one["encounter"]["reference"] for one in withdrawn}
    anew = [one for one in found if one["encounter"]["reference"] not in theirs]
    values = sorted(one["valueQuantity"]["value"] for one in anew if "valueQuantity" in one)
    assert values == [91, 96, 97]
    assert {one["status"] for one in anew} == {"final"}
