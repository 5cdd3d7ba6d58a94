"""Under a thin budget waveforms wait on board until the vehicle is said to be at its station."""

from __future__ import annotations

import asyncio
import contextlib
import io
from pathlib import Path
from uuid import uuid4

import httpx

from edge.__main__ import main
from edge.buffer.buffer import ObservationBuffer
from edge.buffer.policy import BufferPolicy
from edge.clock import SYSTEM_CLOCK
from edge.crew.pin import PinStore
from edge.settings import load_settings
from simulators.incident.listening import free_port
from tests.fixtures.brokers import PATIENCE, embedded_broker, ingesting, own
from tests.fixtures.cloud import VEHICLE, Installation
from tests.fixtures.served_crew import OWN, PIN, snapshot
from tests.integration.test_edge_app import gateway
from tests.unit.edge.making import ecg, spo2
from tests.waiting import wait_until

SETTINGS = """
gateway_id = "{gateway}"
tenant_id = "{tenant}"
vehicle_id = "{vehicle}"
gateway_secret = "{secret}"
data = "{data}"
listen = ""
[uplink]
mqtt_url = "mqtt://127.0.0.1:{broker}"
budget = "thin"
thin_linger_seconds = 0
[crew]
listen = "tcp:127.0.0.1:{page}"
[status]
interval_seconds = 0.2
[station]
networks = ["no-such-radio"]
"""


async def measured(data: Path) -> None:
    """What a shift left on board: numbers and curves."""
    buffer = ObservationBuffer()
    await buffer.open(data, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id=VEHICLE)
    await buffer.append([*(spo2(number) for number in range(5)), *(ecg(n) for n in range(3))])
    await buffer.close()


def station(data: Path, *wish: str) -> str:
    """What `vitalwire-edge station` prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert main(["station", "--data", str(data), *wish]) == 0
    return printed.getvalue().strip()


def arrived(cloud: Installation, rows: tuple[int, int]) -> None:
    wait_until(lambda: cloud.rows() == rows, timeout=20, what=f"{rows} in the cloud")


def sent_sign(client: httpx.Client) -> tuple[bool, object, bool]:
    """The sign of the page: whether all is sent, curves that wait, whether it is the station."""
    shown = snapshot(client)["uplink"]
    return shown["all_sent"], shown["held"], shown["station"]["is_here"]


def shows(client: httpx.Client, sign: tuple[bool, object, bool]) -> None:
    wait_until(lambda: sent_sign(client) == sign, timeout=20, what=f"{sign} on the page")


def press(cloud: Installation, data: Path, page: int) -> None:
    """What is there before the press, and after it."""
    address = f"http://127.0.0.1:{page}"
    with httpx.Client(base_url=address, headers=OWN, timeout=20) as client:
        assert client.post("/unlock", json={"pin": PIN, "member": "crew-11"}).is_success
        arrived(cloud, (5, 0))
        shows(client, (False, 3, False))
        assert client.post("/station", json={"is_here": True}).json() == {"is_here": True}
        arrived(cloud, (5, 3))
        shows(client, (True, 0, True))
        assert station(data, "--left") == "not at the station"
        assert station(data, "--here").startswith("at the station, as was said on board")
        begun = client.post("/encounter/begin", json={"id": str(uuid4())})
        assert begun.status_code == 201, begun.text
        assert station(data) == "not at the station", "a patient is no cheap way"


async def test_curves_wait_under_a_thin_budget_and_go_up_when_the_station_is_said(
    embedded: Installation, tmp_path: Path
) -> None:
    embedded.clock.at = SYSTEM_CLOCK.utc()
    data, page = tmp_path / "data", free_port()
    (data / "crew").mkdir(parents=True)
    PinStore(data / "crew").set(PIN)
    await measured(data)
    with embedded_broker(embedded) as port, ingesting(embedded, own(port)) as ingest:
        assert await asyncio.to_thread(ingest.wait_ready, PATIENCE)
        path = tmp_path / "edge.toml"
        text = SETTINGS.format(
            gateway=embedded.mine.gateway_id,
            tenant=embedded.mine.tenant_id,
            secret=embedded.mine.gateway_secret,
            vehicle=VEHICLE,
            data=data,
            broker=port,
            page=page,
        )
        path.write_text(text, encoding="utf-8")
        async with gateway(load_settings(path)):
            await asyncio.to_thread(press, embedded, data, page)
