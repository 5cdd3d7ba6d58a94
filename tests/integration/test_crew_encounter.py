"""The crew page over real sockets: an encounter that is begun and released, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from edge.commands.encounter import Binding
from edge.commands.inbox import CommandInbox
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import ServedCrew, events, press, served_crew, snapshot


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[ServedCrew]:
    with served_crew(tmp_path) as served:
        yield served


def test_a_disk_that_refuses_is_said_and_a_repeat_is_the_same_encounter(crew: ServedCrew) -> None:
    good = crew.encounter.inbox
    (crew.folder / "full").mkdir()
    full = CommandInbox(crew.folder / "full")
    full.close()
    own = {"id": str(uuid4())}
    with crew.client() as client:
        for path, body, shown in (
            ("/encounter/begin", own, own["id"]),
            ("/encounter/release", {}, None),
        ):
            crew.encounter.inbox = full
            answer = client.post(path, json=body)
            assert (answer.status_code, answer.json()["reason"]) == (503, "not_saved")
            assert "disk does not take it" in answer.json()["words"]
            crew.encounter.inbox = good
            assert client.post(path, json=body).status_code in (200, 201)
            found = snapshot(client)["encounter"]
            assert (found and found["id"]) == shown
        assert client.post("/encounter/begin", json=own).status_code == 422
        assert snapshot(client)["encounter"] is None
    told = [event for event in events(crew.held()) if event.kind == "encounter_begun"]
    assert [event.encounter for event in told] == [own["id"]]


def test_what_an_undo_would_leave_as_it_is_cannot_be_taken_back(crew: ServedCrew) -> None:
    with crew.client() as client:
        client.post("/encounter/begin", json={"id": str(uuid4())})
        client.post("/patient", json={"id": str(uuid4()), "sex": "female"})
        press(client)
        lines = {line["kind"]: line for line in snapshot(client)["events"]}
        offered = {kind: line["undo"] for kind, line in lines.items()}
        assert offered == {"encounter_begun": False, "patient_details": False, "shock": True}
        for kind, words in (("encounter_begun", "Release"), ("patient_details", "save them")):
            undo = {"id": str(uuid4()), "undoes": lines[kind]["id"]}
            answer = client.post("/events/undo", json=undo)
            assert (answer.status_code, words in answer.json()["words"]) == (422, True)
        undone = [line["undone"] for line in snapshot(client)["events"]]
        assert undone == [False] * 3
    assert "undone" not in [event.kind for event in events(crew.held())]


def test_an_undone_confirmation_is_asked_for_again(crew: ServedCrew) -> None:
    with crew.client() as client:
        crew.bind(Binding(encounter_id="enc_1", started_at=make.utc_now()))
        client.post("/encounter/confirm")
        (line,) = snapshot(client)["events"]
        assert line["undo"] is True
        undo = {"id": str(uuid4()), "undoes": line["id"]}
        assert client.post("/events/undo", json=undo).status_code == 201
        assert snapshot(client)["encounter"]["confirmed"] is False
