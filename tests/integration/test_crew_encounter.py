"""The crew page over real sockets: an encounter that is begun and released, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from edge.commands.inbox import CommandInbox
from tests.fixtures.served_crew import ServedCrew, events, served_crew, snapshot


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
