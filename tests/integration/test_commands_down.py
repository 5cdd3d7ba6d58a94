"""Commands end to end: made over the API, carried out on board once, answered, whatever dies."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client import generate_latest

from cloud.core.devices import commands
from cloud.core.devices.gateways import note_gateway
from cloud.core.encounters import handing_over
from cloud.core.encounters import service as encounters
from cloud.ingest.mqtt import BrokerAddress
from cloud.worker.outbox_relay import relay_once
from cloud.worker.runner import FOLLOWERS
from edge.app.commanding import Commanding, make_commanding
from edge.buffer.answers import BufferCounts
from edge.clock import SYSTEM_CLOCK
from edge.enrolment.devices import Belonging, EnrolledDevices
from edge.uplink.credentials import Credentials
from edge.uplink.mqtt import MqttLink
from edge.uplink.policy import MqttPolicy
from edge.uplink.way_out import StationPolicy
from protocols.uplink.command_codec import decode_command
from protocols.uplink.commands import BindEncounter, DeviceEnrolment
from tests.fixtures.brokers import PATIENCE, embedded_broker, ingesting, mosquitto, own
from tests.fixtures.cloud import VEHICLE, Installation, install
from tests.fixtures.gateway import Gateway
from tests.integration.test_cloud_programs import started, token
from tests.waiting import wait_until


class EmptyBuffer:
    """A buffer in which nothing waits."""

    async def counts(self) -> BufferCounts:
        return BufferCounts(
            waiting={"numerics": 0},
            claimed=0,
            quarantine=0,
            quarantine_reasons={},
            oldest_captured_at=None,
            octets_used=0,
            octets_most=0,
            is_full=False,
            boot_epoch=1,
            totals={},
        )


async def _again(work: Callable[[], Awaitable[None]]) -> None:
    await work()


@asynccontextmanager
async def on_board(cloud: Installation, port: int, folder: Path) -> AsyncIterator[Commanding]:
    """The gateway's end of the way down, over MQTT."""
    await asyncio.to_thread(folder.mkdir)
    credentials = Credentials(
        tenant_id=cloud.mine.tenant_id,
        gateway_id=cloud.mine.gateway_id,
        secret=cloud.mine.gateway_secret,
    )
    link = MqttLink(MqttPolicy(url=f"mqtt://127.0.0.1:{port}"), credentials, SYSTEM_CLOCK)
    board = make_commanding(
        folder,
        [link],
        SYSTEM_CLOCK,
        buffer=EmptyBuffer(),
        vehicle_id=VEHICLE,
        station=StationPolicy(),
    )
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(_again(link.run))]
        running += [tasks.create_task(_again(work)) for _, work in board.services]
        try:
            yield board
        finally:
            for task in running:
                task.cancel()
    board.inbox.close()


async def until(predicate: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, predicate, timeout=20, what=what)


async def test_a_command_made_over_the_api_is_carried_out_and_its_answer_is_shown(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = SYSTEM_CLOCK.utc()
    path = f"/api/v1/gateways/{embedded.mine.gateway_id}/commands"
    with embedded_broker(embedded) as port, ingesting(embedded, own(port)) as ingest:
        assert await asyncio.to_thread(ingest.wait_ready, PATIENCE)
        async with on_board(embedded, port, tmp_path / "board"), embedded.client() as client:
            headers = await embedded.headers(client)
            made = await client.post(path, json={"kind": "clock.read"}, headers=headers)
            assert made.status_code == 201, made.text
            answered = await answer_of(client, f"{path}/{made.json()['id']}", headers)
            listing = await client.get(path, headers=headers)
    assert answered["status"] == "done"
    assert answered["facts"]["utc"].endswith("+00:00")
    assert [one["id"] for one in listing.json()["commands"]] == [answered["id"]]
    text = generate_latest(embedded.parts.registry).decode()
    assert 'vitalwire_commands_sent_total{way="mqtt"} 1.0' in text
    assert 'vitalwire_gateway_answers_total{outcome="done",way="mqtt"} 1.0' in text


async def test_the_cloud_says_that_the_vehicle_is_at_its_station_and_that_it_has_left(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = SYSTEM_CLOCK.utc()
    path = f"/api/v1/gateways/{embedded.mine.gateway_id}/commands"
    with embedded_broker(embedded) as port, ingesting(embedded, own(port)) as ingest:
        assert await asyncio.to_thread(ingest.wait_ready, PATIENCE)
        async with (
            on_board(embedded, port, tmp_path / "board") as board,
            embedded.client() as client,
        ):
            headers = await embedded.headers(client)
            late = await client.post(path, json={"kind": "station.here"}, headers=headers)
            assert late.status_code == 422, "a vehicle that hears it tomorrow is somewhere else"
            for kind, is_here in (("station.here", True), ("station.left", False)):
                body = {"kind": kind, "expires_in_seconds": 600}
                made = await client.post(path, json=body, headers=headers)
                assert made.status_code == 201, made.text
                answered = await answer_of(client, f"{path}/{made.json()['id']}", headers)
                assert answered["status"] == "done"
                assert board.station.is_here() is is_here


async def answer_of(
    client: httpx.AsyncClient, path: str, headers: dict[str, str]
) -> dict[str, Any]:
    """The command once it is answered."""
    async with asyncio.timeout(20):
        while True:
            found: dict[str, Any] = (await client.get(path, headers=headers)).json()
            if found["status"] != "open":
                return found
            await asyncio.to_thread(threading.Event().wait, 0.05)


def open_encounter(cloud: Installation, number: str) -> str:
    with cloud.database.begin(now=cloud.clock()) as work:
        note_gateway(work, cloud.mine.gateway, VEHICLE)
        row, _ = encounters.create(
            work,
            cloud.mine.caller,
            cloud.parts.vault,
            encounters.NewEncounter(
                care_model="prehospital_emergency",
                vehicle_id=VEHICLE,
                crew_ids=("c1",),
                cad_incident_id=number,
                sex="female",
                chief_complaint={"code": "29857009", "display": "Chest pain"},
            ),
        )
        return row.encounter_id


def stranger(port: int) -> BrokerAddress:
    return BrokerAddress.parse(f"mqtt://127.0.0.1:{port}", username="i", password="x")


def relay(cloud: Installation) -> None:
    relay_once(cloud.database, cloud.clock, [], FOLLOWERS)


async def test_an_opened_encounter_binds_the_vehicle_and_its_handover_releases_it(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = SYSTEM_CLOCK.utc()
    with mosquitto(tmp_path) as port, ingesting(embedded, stranger(port)) as ingest:
        assert await asyncio.to_thread(ingest.wait_ready, PATIENCE)
        async with on_board(embedded, port, tmp_path / "board") as board:
            encounter_id = open_encounter(embedded, "I-1")
            relay(embedded)
            await until(lambda: board.encounter.current is not None, "the binding")
            bound = board.encounter.current
            assert bound is not None
            assert (bound.encounter_id, bound.number) == (encounter_id, "I-1")
            assert (bound.complaint, bound.sex) == ("Chest pain", "female")
            with embedded.database.begin(now=embedded.clock()) as work:
                handing_over.hand_over(
                    work, embedded.mine.caller, encounter_id, facility_id="H", received_by="Dr"
                )
            relay(embedded)
            await until(lambda: board.encounter.current is None, "the release")


def test_a_gateway_that_comes_to_a_vehicle_later_is_told_of_its_encounter(
    embedded: Installation,
) -> None:
    with embedded.database.begin(now=embedded.clock()) as work:
        note_gateway(work, embedded.mine.gateway, "AMB-1")
    encounter_id = open_encounter(embedded, "I-2")
    relay(embedded)
    with embedded.database.begin(now=embedded.clock()) as work:
        note_gateway(work, embedded.mine.gateway, "AMB-1")
    relay(embedded)
    embedded.clock.pass_(60)
    with embedded.database.begin(now=embedded.clock()) as work:
        note_gateway(work, embedded.mine.gateway, VEHICLE)
    relay(embedded)
    with embedded.database.begin(now=embedded.clock()) as work:
        rows = commands.commands(
            work, embedded.mine.caller, embedded.mine.gateway_id, status=None, limit=9
        )
        kinds = [(row.kind, decode_command(row.octets).request) for row in rows]
    newest = kinds[0][1]
    assert isinstance(newest, BindEncounter)
    assert newest.encounter_id == encounter_id


async def test_a_device_enrolled_on_board_without_a_way_is_known_to_the_fleet_afterwards(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = SYSTEM_CLOCK.utc()
    scanned = DeviceEnrolment(
        enrolment_id=uuid4(),
        at=SYSTEM_CLOCK.utc(),
        serial_number="S-77",
        manufacturer="Acme",
        device_class="oximeter",
        system_id="0102030405060708",
    )
    folder = tmp_path / "board"
    with embedded_broker(embedded) as port, ingesting(embedded, own(port)) as ingest:
        assert await asyncio.to_thread(ingest.wait_ready, PATIENCE)
        async with on_board(embedded, port, folder) as board:
            devices = EnrolledDevices(board.inbox, VEHICLE, board.desk.look_again)
            board.desk.register("devices.list", devices.take_list)
            assert devices.enrol(scanned) is Belonging.OURS
            await until(devices.is_known, "the list of devices")
            assert devices.find("0102030405060708") is not None
            assert board.inbox.enrolments() == (), "the cloud has it"
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        listed = (await client.get("/api/v1/devices", headers=headers)).json()
    assert [one["serial_number"] for one in listed] == ["S-77"]


def is_done(client: httpx.Client, path: str) -> bool:
    return bool(client.get(path).json()["status"] == "done")


SETTINGS = """
gateway_id = "{gateway}"
tenant_id = "{tenant}"
vehicle_id = "AMB-7"
gateway_secret = "{secret}"
data = "{data}"
listen = ""
[uplink]
http_url = "{url}"
"""


@pytest.mark.parametrize(
    ("broker", "kills"),
    [
        (False, 1),
        pytest.param(True, 3, marks=pytest.mark.soak),
        pytest.param(False, 5, marks=pytest.mark.soak),
    ],
)
def test_a_gateway_killed_at_any_moment_still_answers_what_it_was_sent(
    tmp_path: Path, broker: bool, kills: int
) -> None:
    (tmp_path / "cloud").mkdir()
    mine, _ = install(tmp_path / "cloud")
    arguments: list[str | Path] = [
        "serve",
        "--data",
        tmp_path / "cloud",
        "--port",
        "0",
        "--mqtt-port",
        "0",
    ]
    if not broker:
        arguments += ["--no-broker", "--no-ingest"]
    with started(*arguments, log=tmp_path / "cloud.log") as (_, ready):
        text = SETTINGS.format(
            gateway=mine.gateway_id,
            tenant=mine.tenant_id,
            secret=mine.gateway_secret,
            data=tmp_path / "edge" / "data",
            url=ready["http"],
        )
        if broker:
            text += f'mqtt_url = "{ready["mqtt"]}"\n'
        base = f"/api/v1/gateways/{mine.gateway_id}/commands"
        headers = token(ready["http"], mine.client_id, mine.client_secret)
        with httpx.Client(base_url=ready["http"], headers=headers, timeout=60) as client:
            edge = Gateway.start_with(tmp_path / "edge", text)
            paths = []
            for _ in range(kills):
                made = client.post(base, json={"kind": "clock.read"})
                assert made.status_code == 201, made.text
                paths.append(f"{base}/{made.json()['id']}")
                edge.kill()
                edge = Gateway.start_with(tmp_path / "edge", text)
            for path in paths:
                answered = partial(is_done, client, path)
                wait_until(answered, timeout=30, what="the answer")
            assert edge.stop() == 0
