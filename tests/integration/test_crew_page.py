"""The crew page over real sockets: what is pressed is durable, what is told is shown."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from edge.commands.encounter import Binding
from edge.crew.board import GATHER_SECONDS
from edge.crew.policy import CrewPolicy
from protocols.model.crew import AttachmentPart
from protocols.uplink.commands import Command, EnrolledDevice, ListDevices
from tests.fixtures import crew_patient as make
from tests.fixtures.served_crew import (
    OWN,
    VEHICLE,
    ServedCrew,
    device,
    events,
    press,
    served_crew,
    snapshot,
    status,
)
from tests.waiting import wait_until

JPEG = b"\xff\xd8" + b"\xff\xe1\x00\x08Exif\0\0" + b"\xff\xda\x00\x02scan\xff\xd9"


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[ServedCrew]:
    with served_crew(tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCrew]:
    """One page for all tests that leave it as it was."""
    with served_crew(tmp_path_factory.mktemp("crew")) as served:
        yield served


# ---- what the crew does


def test_a_press_is_in_the_buffer_when_it_is_answered_and_once_only(crew: ServedCrew) -> None:
    with crew.client() as client:
        body = {
            "id": str(uuid4()), "kind": "drug", "text": "Adrenaline 1 mg IV",
            "details": {"drug": "Adrenaline", "dose": "1 mg"}, "ago": 30,
        }  # fmt: skip
        first, again = (client.post("/events", json=body) for _ in range(2))
        assert (first.status_code, again.json()) == (201, first.json())
    (event,) = events(crew.held())
    assert event.event_id == UUID(str(body["id"]))
    assert (event.by, event.vehicle_id, event.kind) == ("crew-11", VEHICLE, "drug")
    assert event.details == (("drug", "Adrenaline"), ("dose", "1 mg"))
    age = make.utc_now() - event.at
    assert timedelta(seconds=29) < age < timedelta(seconds=60)


def test_an_undo_is_a_second_event_and_can_be_given_once(crew: ServedCrew) -> None:
    with crew.client() as client:
        shock = press(client)
        undo = {"id": str(uuid4()), "undoes": shock["id"]}
        assert client.post("/events/undo", json=undo).status_code == 201
        assert client.post("/events/undo", json=undo).status_code == 201
        other = client.post("/events/undo", json={**undo, "id": str(uuid4())})
        assert (other.status_code, "already" in other.json()["words"]) == (422, True)
        unknown = client.post("/events/undo", json={"id": str(uuid4()), "undoes": str(uuid4())})
        assert unknown.status_code == 422
        (line,) = snapshot(client)["events"]
        assert (line["id"], line["undone"], line["saved"]) == (shock["id"], True, True)
    told = events(crew.held())
    assert [event.kind for event in told] == ["shock", "undone"]
    assert told[1].undoes == told[0].event_id


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "shock"},
        {"id": "x", "kind": "shock"},
        {"id": str(uuid4()), "kind": "undone"},
        {"id": str(uuid4()), "kind": "encounter_begun"},
        {"id": str(uuid4()), "kind": "Robert'); DROP"},
        {"id": str(uuid4()), "kind": "shock", "ago": -5},
        {"id": str(uuid4()), "kind": "note", "text": "x" * 501},
        {"id": str(uuid4()), "kind": "shock", "at": "2026-01-01T00:00:00Z"},
    ],
)
def test_what_the_page_never_sends_is_refused(shared: ServedCrew, body: dict[str, object]) -> None:
    with shared.client() as client:
        assert client.post("/events", json=body).status_code == 422
        assert client.post("/events", content=b"\xff\xfe").status_code == 422
        assert client.post("/events", content=b"x" * 70_000).status_code == 422
    assert events(shared.held()) == []


def test_events_outlive_a_restart_and_the_screen_is_locked_again(tmp_path: Path) -> None:
    with served_crew(tmp_path) as crew, crew.client() as client:
        crew.bind(Binding(encounter_id="enc_1", started_at=make.utc_now(), number="INC-1"))
        press(client, "cpr_started")
        cookies = client.cookies
    with served_crew(tmp_path) as crew:
        with crew.client(pin=None) as client:
            client.cookies = cookies
            assert client.get("/live").status_code == 401
        with crew.client() as client:
            shown = snapshot(client)
            assert [line["kind"] for line in shown["events"]] == ["cpr_started"]
            assert shown["encounter"]["number"] == "INC-1"
        assert [event.kind for event in events(crew.held())] == ["cpr_started"]


def test_an_encounter_is_begun_confirmed_and_released(crew: ServedCrew) -> None:
    with crew.client() as client:
        for path in ("/encounter/confirm", "/encounter/release"):
            assert client.post(path).status_code == 422
        client.post("/shift", json={"id": str(uuid4()), "members": ["crew-11", "Ann"]})
        own = str(uuid4())
        for _ in range(2):
            assert client.post("/encounter/begin", json={"id": own}).status_code == 201
        assert client.post("/encounter/begin", json={"id": str(uuid4())}).status_code == 422
        crew.append([make.number(147842, make.utc_now(), "143", make.BEATS)])
        press(client)
        shown = snapshot(client)
        assert (shown["encounter"]["id"], shown["encounter"]["confirmed"]) == (own, True)
        assert shown["shift"] == ["crew-11", "Ann"]
        assert shown["tiles"]["hr"]["value"] == "143"
        assert client.post("/encounter/release").status_code == 200
        shown = snapshot(client)
        assert (shown["encounter"], shown["events"], shown["tiles"]) == (None, [], {})
        crew.bind(Binding(encounter_id="enc_2", started_at=make.utc_now(), number="INC-2"))
        assert snapshot(client)["encounter"]["confirmed"] is False
        assert client.post("/encounter/confirm").status_code == 200
        assert snapshot(client)["encounter"]["confirmed"] is True
    told = events(crew.held())
    begun = next(event for event in told if event.kind == "encounter_begun")
    assert begun.encounter == own
    assert begun.details == (("crew_1", "crew-11"), ("crew_2", "Ann"))
    assert next(event for event in told if event.kind == "shock").encounter == own


# ---- the patient


def details(**given: object) -> dict[str, object]:
    return {"id": str(uuid4()), **given}


def test_who_it_is_stays_on_board_and_goes_with_the_encounter(crew: ServedCrew) -> None:
    with crew.client() as client:
        crew.bind(Binding(encounter_id="enc_1", started_at=make.utc_now()))
        told = details(
            nhs_number="943 476 5919", family_name="Example", given_name="Ada",
            born="1960-02-29", sex="female", mechanism="Fall",
        )  # fmt: skip
        assert client.post("/patient", json=told).status_code == 200
        kept = crew.folder / "crew" / "patient.json"
        assert "9434765919" in kept.read_text().replace(" ", "")
        assert kept.stat().st_mode & 0o077 == 0
        shown = client.get("/handover").json()
        assert (shown["name"], shown["nhs_number"]) == ("Ada Example", "943 476 5919")
        code = client.get("/handover.svg")
        assert code.headers["content-type"].startswith("image/svg+xml")
        crew.bind(Binding(encounter_id="enc_2", started_at=make.utc_now()))
        assert client.get("/handover").json()["name"] == ""
        assert not kept.exists()
    sent = repr(crew.held())
    assert "Example" not in sent
    assert "9434765919" not in sent.replace(" ", "")
    assert "1960-02-29" not in sent
    assert "datetime.date(1960" not in sent
    assert "'checked number'" in sent


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"nhs_number": "943 476 5918"}, "check digit"),
        ({"nhs_number": "unknown"}, "check digit"),
        ({"born": "1960-02-30"}, "no date"),
        ({"born": "2999-01-01"}, "cannot be"),
        ({"age_years": 131}, "understand"),
        ({"sex": "f"}, "understand"),
    ],
)
def test_impossible_details_are_refused_in_words(
    shared: ServedCrew, given: dict[str, object], words: str
) -> None:
    with shared.client() as client:
        answer = client.post("/patient", json=details(**given))
        assert (answer.status_code, words in answer.json()["words"]) == (422, True)


def test_the_score_is_worked_out_of_what_is_measured_and_told(crew: ServedCrew) -> None:
    now = make.utc_now()
    with crew.client() as client:
        score = snapshot(client)["news2"]
        assert (score["total"], len(score["missing"])) == (None, 7)
        crew.append(
            [
                make.number(151594, now, "22", make.BEATS),
                make.number(150456, now, "93", make.PERCENT),
                make.number(149530, now, "112", make.BEATS),
                make.number(150364, now, "38.4", make.CELSIUS),
                make.pressure(now, "98", "60", "73"),
            ]
        )
        told = {"consciousness": "A", "on_oxygen": True, "scale": 1}
        assert client.post("/assessment", json=told).status_code == 200
        score = snapshot(client)["news2"]
        points = {part["name"]: part["points"] for part in score["parts"]}
        assert list(points.values()) == [2, 2, 2, 2, 2, 0, 1]
        assert (score["total"], score["risk"], score["missing"]) == (11, "high", [])
        press(client, "early_warning", text="11", details={"total": "3"})
    event = next(one for one in events(crew.held()) if one.kind == "early_warning")
    assert ("total", "11") in event.details
    assert ("total", "3") not in event.details


def test_a_photograph_is_stripped_kept_and_sent_in_pieces_once(crew: ServedCrew) -> None:
    picture = JPEG[:-2] + bytes(30_000) + JPEG[-2:]
    name = str(uuid4())
    with crew.client() as client:
        for _ in range(2):
            answer = client.post(f"/photographs/{name}", content=picture)
            assert answer.json()["id"] == name
        seen = client.get(f"/photographs/{name}")
        assert seen.headers["content-type"] == "image/jpeg"
        assert b"Exif" not in seen.content
        assert client.get(f"/photographs/{uuid4()}").status_code == 404
        refused = client.post(f"/photographs/{uuid4()}", content=b"GIF89a")
        assert refused.status_code == 422
        large = client.post(f"/photographs/{uuid4()}", content=bytes(5 << 20))
        assert "large" in large.json()["words"]
    marked = crew.folder / "crew" / f"{name}.buffered"
    wait_until(marked.exists, timeout=10, what="the pieces in the buffer")
    held = crew.held()
    pieces = [one for one in held if isinstance(one, AttachmentPart)]
    assert b"".join(piece.octets for piece in pieces) == seen.content
    assert [piece.parts for piece in pieces] == [2, 2]
    (event,) = events(held)
    assert ("parts", "2") in event.details


# ---- what is seen


def test_a_screen_follows_what_the_devices_say(crew: ServedCrew) -> None:
    crew.append(list(make.DESCRIBED))
    with crew.client() as client:
        with client.stream("GET", "/live") as answer:
            lines = answer.iter_lines()
            assert next(lines) == "event: snapshot"
            crew.append(list(make.chunk(make.utc_now(), 0.25, is_arrest=False)))
            crew.append([make.number(150456, make.utc_now(), "71", make.PERCENT, make.OXIMETER)])
            crew.append([make.pressure(make.utc_now(), "120", "80", "93")])
            found: dict[str, Any] = {}
            for line in lines:
                if line.startswith("data: "):
                    said = json.loads(line.removeprefix("data: "))
                    found |= {name: value for name, value in said.items() if value}
                if {"tiles", "waves", "pressures"} <= found.keys():
                    break
        assert {wave["k"] for wave in found["waves"]} >= {"ecg-II", "ecg-V6", "pleth", "co2"}
        shown = snapshot(client)
        assert shown["tiles"]["spo2"]["source"] == "Acme OX-1"
        assert shown["pressures"][0]["systolic"] == "120"
        assert len(shown["waves"]) == 14


def test_what_is_stored_in_quick_succession_reaches_a_screen_in_few_frames(
    crew: ServedCrew,
) -> None:
    async def watched() -> tuple[int, float]:
        frames, last, began = 0, b"", time.monotonic()
        with crew.crew.page.board.viewers.watching() as viewer:
            viewer.is_behind = False
            for number in range(60, 100):
                reading = make.number(
                    150456, make.utc_now(), str(number), make.PERCENT, make.OXIMETER
                )
                await crew.sink.append([reading])
            while b'"99"' not in last:
                taken = [one for one in await viewer.wait(5) if one.startswith(b"event: change")]
                frames, last = frames + len(taken), b"".join(taken)
        return frames, time.monotonic() - began

    frames, seconds = crew.run(watched())
    assert frames <= 2 + seconds / GATHER_SECONDS


def test_a_lost_link_and_a_silent_device_are_said_in_words(crew: ServedCrew) -> None:
    crew.status = status(
        devices=[device("Acme OX-1", "stale"), device("Acme Rescue 4")],
        uplink={"links": []},
        buffer={"waiting": {"numerics": 7}, "oldest_seconds": 60.0, "is_full": False},
    )
    with crew.client() as client:
        shown = snapshot(client)
        assert [one["words"] for one in shown["devices"]] == [
            "has fallen silent", "sending readings",
        ]  # fmt: skip
        assert (shown["uplink"]["waiting"], shown["uplink"]["all_sent"]) == (7, False)


def test_a_device_of_another_vehicle_is_pointed_at_and_a_new_one_is_enrolled(
    crew: ServedCrew,
) -> None:
    theirs, new = "0123456789ABCDEF", "00-22-09-22-58-00-AA-01"
    listed = ListDevices(
        version=1,
        devices=(
            EnrolledDevice(
                system_id=theirs, serial_number="S-1", manufacturer="Acme", vehicle_id="AMB-9"
            ),
        ),
    )  # fmt: skip
    now = make.utc_now()
    command = Command(command_id=uuid4(), issued_at=now, expires_at=now, request=listed)
    carried = crew.run(crew.devices.take_list(command))
    assert carried.then is not None
    carried.then()
    crew.status = status(devices=[device("OX-1", system_id=theirs), device("OX-2")])
    with crew.client() as client:
        assert snapshot(client)["foreign"] == [{"name": "OX-1", "vehicle": "AMB-9"}]
        for text, code, words in (
            (new, 201, "002209225800AA01"),
            (theirs, 422, "belongs to AMB-9"),
            ("s-1", 422, "belongs to AMB-9"),
            ("Archer", 422, "no device"),
            ("?", 422, "no device"),
        ):
            answer = client.post("/devices/enrol", json={"id": str(uuid4()), "code": text})
            assert (answer.status_code, words in answer.json()["words"]) == (code, True)
        assert client.post("/pairing/begin", json={"address": "x"}).status_code == 422
        (waiting,) = snapshot(client)["scanned"]
        assert (waiting["code"], waiting["state"]) == ("002209225800AA01", "to_send")
        told = {"id": str(uuid4()), "code": "SN-78", "kind": "toaster"}
        assert client.post("/devices/enrol", json=told).status_code == 422
        assert client.post("/devices/enrol", json={**told, "kind": "bp"}).status_code == 201
    found = {one.serial_number: one for one in crew.devices.inbox.enrolments()}
    assert found[""].system_id == "002209225800AA01"
    assert found["SN-78"].device_class == "bp"


def test_the_newest_screen_is_refused_above_the_bound(tmp_path: Path) -> None:
    with (
        served_crew(tmp_path, policy=CrewPolicy(most_viewers=1)) as crew,
        crew.client() as client,
        client.stream("GET", "/live") as answer,
    ):
        lines = answer.iter_lines()
        assert next(lines) == "event: snapshot"
        with crew.client() as other:
            assert other.get("/live").status_code == 503


def test_who_works_on_the_screen_signs_the_events(crew: ServedCrew) -> None:
    with crew.client(member="") as client:
        press(client)
        assert client.post("/sign-in", json={"member": "Bo"}).json() == {"member": "Bo"}
        press(client)
        client.post("/shift", json={"id": str(uuid4()), "members": ["Bo"]})
        client.post("/shift", json={"id": str(uuid4()), "members": []})
        assert snapshot(client)["shift"] == []
    assert [event.by for event in events(crew.held())] == ["crew", "Bo", "Bo", "Bo"]


def test_the_time_of_an_event_is_the_gateways(crew: ServedCrew) -> None:
    with crew.client() as client:
        at = datetime.fromisoformat(press(client)["at"])
    assert abs(make.utc_now() - at) < timedelta(seconds=5)
    assert OWN["X-Vitalwire"] == "crew"
