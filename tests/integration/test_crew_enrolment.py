"""A device added on the crew page comes to be in the fleet, whatever dies on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import get_args, get_type_hints
from uuid import uuid4

import httpx

from cloud.core.devices.service import DEVICE_CLASSES
from edge.clock import SYSTEM_CLOCK
from edge.crew import requests
from edge.crew.pin import PinStore
from edge.settings import load_settings
from edge.status.text import format_status, look
from protocols.specializations.pulse_oximeter import SPECIALIZATION
from simulators.incident.listening import free_port
from tests.fixtures.brokers import PATIENCE, embedded_broker, ingesting, own
from tests.fixtures.cloud import VEHICLE, Installation
from tests.fixtures.gateway import Gateway
from tests.fixtures.oximeter import OXIMETER_ID, Oximeter, connect
from tests.fixtures.served_crew import OWN, PIN, snapshot
from tests.integration.test_edge_app import gateway
from tests.waiting import wait_until

SETTINGS = """
gateway_id = "{gateway}"
tenant_id = "{tenant}"
vehicle_id = "{vehicle}"
gateway_secret = "{secret}"
data = "{data}"
listen = "tcp:127.0.0.1:0"
[uplink]
mqtt_url = "mqtt://127.0.0.1:{broker}"
[status]
interval_seconds = 0.2
[crew]
listen = "tcp:127.0.0.1:{page}"
"""


@contextmanager
def screen(page: int) -> Iterator[httpx.Client]:
    """A screen of the page, unlocked."""
    with httpx.Client(base_url=f"http://127.0.0.1:{page}", headers=OWN, timeout=20) as client:
        assert client.post("/unlock", json={"pin": PIN, "member": "crew-11"}).status_code == 200
        yield client


def says(cloud: Installation, client: httpx.Client, words: str) -> bool:
    """Whether the page says so of the device; time passes in the cloud meanwhile."""
    cloud.clock.at = SYSTEM_CLOCK.utc()
    (one,) = snapshot(client)["scanned"]
    return one["code"] == OXIMETER_ID.hex and words in one["words"]


def shows(cloud: Installation, client: httpx.Client, words: str) -> None:
    wait_until(partial(says, cloud, client, words), timeout=20, what=words)


def told_again(cloud: Installation, data: Path, page: int, agents: str) -> None:
    """The cloud has it from a gateway that lost its power; then the device speaks."""
    with screen(page) as client:
        shows(cloud, client, "waiting for the device")
        with closing(connect(agents)) as line:
            oximeter = Oximeter(line, specializations=SPECIALIZATION.type_versions)
            oximeter.associate()
            oximeter.send_confirmed(1)
            # It answers the gateway's questions meanwhile, as a device does.
            is_enrolled = partial(says, cloud, client, "enrolled to this vehicle")
            oximeter.work_until(is_enrolled, "the device to be enrolled")
    said = f"scanned   {OXIMETER_ID.hex}: enrolled to this vehicle"
    status = partial(format_status, now=SYSTEM_CLOCK.utc())
    wait_until(lambda: said in status(look(data)), timeout=20, what=said)


def add_and_lose_power(cloud: Installation, folder: Path, text: str, page: int) -> None:
    """No broker is there when the crew adds the device."""
    dying = Gateway.start_with(folder, text)
    with screen(page) as client:
        code = {"id": str(uuid4()), "code": str(OXIMETER_ID)}
        answer = client.post("/devices/enrol", json=code)
        assert answer.status_code == 201, answer.text
        shows(cloud, client, "waiting for the cloud")
    dying.kill()


async def test_a_device_added_on_the_crew_page_is_in_the_fleet_when_it_has_spoken(
    embedded: Installation, tmp_path: Path
) -> None:
    broker, page, data = free_port(), free_port(), tmp_path / "data"
    text = SETTINGS.format(
        gateway=embedded.mine.gateway_id,
        tenant=embedded.mine.tenant_id,
        secret=embedded.mine.gateway_secret,
        vehicle=VEHICLE,
        data=data,
        broker=broker,
        page=page,
    )
    (data / "crew").mkdir(parents=True)
    PinStore(data / "crew").set(PIN)
    await asyncio.to_thread(add_and_lose_power, embedded, tmp_path, text, page)
    with embedded_broker(embedded, broker) as port, ingesting(embedded, own(port)) as ingest:
        assert await asyncio.to_thread(ingest.wait_ready, PATIENCE)
        async with gateway(load_settings(tmp_path / "edge.toml")) as agents:
            await asyncio.to_thread(told_again, embedded, data, page, agents)
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        (listed,) = (await client.get("/api/v1/devices", headers=headers)).json()
    assert listed["system_id"].replace("-", "") == OXIMETER_ID.hex
    assert (listed["device_class"], listed["manufacturer"], listed["serial_number"]) == (
        "oximeter", "Acme", "S1",
    )  # fmt: skip
    assert (listed["status"], listed["vehicle_id"]) == ("active", VEHICLE)
    assert listed["enrolled_at"] is not None


def test_the_kinds_the_page_offers_are_those_the_cloud_takes() -> None:
    taken = set(get_args(get_type_hints(requests.Code)["kind"]))
    assert taken == {"", *DEVICE_CLASSES}
    script = files("edge.crew").joinpath("static", "enrolling.js").read_text(encoding="utf-8")
    (kinds,) = re.findall(r"const KINDS = {(.*?)};", script, re.DOTALL)
    assert set(re.findall(r'^ +"?(\w*)"?:', kinds, re.MULTILINE)) == taken
