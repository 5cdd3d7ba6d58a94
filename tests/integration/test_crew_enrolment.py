"""A device added on the crew page comes to be in the fleet, whatever dies on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx

from edge.clock import SYSTEM_CLOCK
from edge.crew.pin import PinStore
from edge.status.text import format_status, look
from protocols.specializations.pulse_oximeter import SPECIALIZATION
from tests.fixtures.brokers import PATIENCE, embedded_broker, ingesting, own
from tests.fixtures.cloud import VEHICLE, Installation
from tests.fixtures.gateway import Gateway
from tests.fixtures.oximeter import OXIMETER_ID, Oximeter, connect
from tests.fixtures.served_cloud import free_port
from tests.fixtures.served_crew import OWN, PIN, snapshot
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


def play(cloud: Installation, folder: Path, page: int, broker: int) -> str:
    """Add the device, lose the power, find the broker, let the device speak; the last status."""
    text = SETTINGS.format(
        gateway=cloud.mine.gateway_id,
        tenant=cloud.mine.tenant_id,
        secret=cloud.mine.gateway_secret,
        vehicle=VEHICLE,
        data=folder / "data",
        broker=broker,
        page=page,
    )
    (folder / "data" / "crew").mkdir(parents=True)
    PinStore(folder / "data" / "crew").set(PIN)
    gateway = Gateway.start_with(folder, text)
    with screen(page) as client:
        code = {"id": str(uuid4()), "code": str(OXIMETER_ID)}
        answer = client.post("/devices/enrol", json=code)
        assert answer.status_code == 201, answer.text
    gateway.kill()
    gateway = Gateway.start_with(folder, text)
    with screen(page) as client:
        shows(cloud, client, "waiting for the cloud")
        with embedded_broker(cloud, broker) as port, ingesting(cloud, own(port)) as ingest:
            assert ingest.wait_ready(PATIENCE)
            shows(cloud, client, "waiting for the device")
            with closing(connect(gateway.agents)) as line:
                oximeter = Oximeter(line, specializations=SPECIALIZATION.type_versions)
                oximeter.associate()
                oximeter.send_confirmed(1)
                # It answers the gateway's questions meanwhile, as a device does.
                is_enrolled = partial(says, cloud, client, "enrolled to this vehicle")
                oximeter.work_until(is_enrolled, "the device to be enrolled")
            assert gateway.stop() == 0
    return format_status(look(gateway.data), now=SYSTEM_CLOCK.utc())


async def test_a_device_added_on_the_crew_page_is_in_the_fleet_when_it_has_spoken(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = SYSTEM_CLOCK.utc()
    status = await asyncio.to_thread(play, embedded, tmp_path, free_port(), free_port())
    assert f"scanned   {OXIMETER_ID.hex}: enrolled to this vehicle" in status
    async with embedded.client() as client:
        headers = await embedded.headers(client)
        (listed,) = (await client.get("/api/v1/devices", headers=headers)).json()
    assert listed["system_id"].replace("-", "") == OXIMETER_ID.hex
    assert (listed["device_class"], listed["manufacturer"], listed["serial_number"]) == (
        "oximeter", "Acme", "S1",
    )  # fmt: skip
    assert (listed["status"], listed["vehicle_id"]) == ("active", VEHICLE)
    assert listed["enrolled_at"] is not None
