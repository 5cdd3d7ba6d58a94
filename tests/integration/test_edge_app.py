"""The gateway put together in this process: devices we call, metrics, TLS, an end in good order."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import httpx
import pytest

from edge.app import RunWishes, run
from edge.errors import BufferDamagedError, SettingsError
from edge.settings import EdgeSettings, load_settings
from edge.status.file import read_status
from protocols.ieee20601.apdus import encode_apdu
from protocols.ieee20601.association import AssociateResult, FunctionalUnits, offer
from simulators.incident.listening import free_port
from tests.fixtures.authority import Authority
from tests.fixtures.gateway import BASE, observations
from tests.fixtures.oximeter import OXIMETER_ID, Oximeter, SocketLine, connect
from tests.fixtures.uplink_peers import Broker, HttpCloud, MqttCloud
from tests.waiting import wait_until


def settings_of(folder: Path, more: str = "") -> EdgeSettings:
    path = folder / "edge.toml"
    path.write_text(BASE.format(data=folder / "data") + more, encoding="utf-8")
    return load_settings(path)


@asynccontextmanager
async def gateway(settings: EdgeSettings) -> AsyncIterator[str]:
    """A running gateway; gives where agents connect, and ends it in good order."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    wishes = RunWishes(ready=lambda agents: ready.set_result(agents or ""))
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(run(settings, wishes))
        async with asyncio.timeout(20):
            yield await ready
            wishes.stop.set()
            await running


async def until(predicate: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, predicate, timeout=15, what=what)


def one_reading(address: str, number: int = 1) -> None:
    """An oximeter comes, reports once, is confirmed, and leaves."""
    line = connect(address)
    oximeter = Oximeter(line)
    oximeter.associate()
    oximeter.send_confirmed(number)
    oximeter.release()
    line.close()


@pytest.fixture
def http_cloud() -> Iterator[HttpCloud]:
    cloud = HttpCloud()
    yield cloud
    cloud.close()


async def test_a_reading_goes_from_the_agent_to_the_cloud(
    tmp_path: Path, http_cloud: HttpCloud
) -> None:
    more = f'[uplink]\nhttp_url = "{http_cloud.url}"\n'
    async with gateway(settings_of(tmp_path, more)) as address:
        await asyncio.to_thread(one_reading, address)
        await until(lambda: len(http_cloud.receiver.rows) == 3, "the rows")
        await until(lambda: not observations(tmp_path / "data"), "the buffer to be empty")
    status = read_status(tmp_path / "data")
    assert status is not None
    assert status["ended"]
    (device,) = status["devices"]
    assert (device["state"], device["confirmed"]) == ("ended", 1)


async def test_a_device_that_waits_for_our_call_is_called(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            connection, _ = server.accept()
            line = SocketLine(connection)
            oximeter = Oximeter(line)
            oximeter.associate()
            oximeter.send_confirmed(1)
            line.close()

        thread = threading.Thread(target=answer)
        thread.start()
        more = (
            f'[[devices]]\nname = "ox"\ntransport = "tcp:127.0.0.1:{port}"\n'
            "[drivers.reopen]\nfirst = 0.1\nmost = 0.2\n"
        )
        async with gateway(settings_of(tmp_path, more)):
            await asyncio.to_thread(thread.join, 10)
            await until(lambda: len(observations(tmp_path / "data")) == 2, "the reading")


def first_result(address: str, functional_units: int = 0) -> int:
    """The result that an oximeter's request to associate gets."""
    line = connect(address)
    asked = offer(system_id=OXIMETER_ID, config_id=0x0190, functional_units=functional_units)
    line.send(encode_apdu(asked))
    answer = line.receive(10.0) or b""
    line.close()
    return int.from_bytes(answer[4:6], "big")


async def test_only_devices_the_operator_allows_may_associate(tmp_path: Path) -> None:
    more = '[drivers]\nallowed_devices = ["0011223344556677"]\n'
    async with gateway(settings_of(tmp_path, more)) as address:
        result = await asyncio.to_thread(first_result, address)
    assert result == AssociateResult.REJECTED_UNAUTHORIZED


@pytest.mark.parametrize(
    ("more", "result"),
    [
        ("", AssociateResult.REJECTED_PERMANENT),
        ("[drivers]\ntest_associations = true\n", AssociateResult.ACCEPTED),
    ],
    ids=["by default", "where the operator allows it"],
)
async def test_a_test_association_is_taken_only_where_allowed(
    tmp_path: Path, more: str, result: AssociateResult
) -> None:
    units = FunctionalUnits.HAVE_TEST_CAP | FunctionalUnits.CREATE_TEST_ASSOCIATION
    async with gateway(settings_of(tmp_path, more)) as address:
        assert await asyncio.to_thread(first_result, address, units) == result


async def test_metrics_are_served_where_wanted(tmp_path: Path) -> None:
    port = free_port()
    more = f'metrics_listen = "tcp:127.0.0.1:{port}"\n'
    async with gateway(settings_of(tmp_path, more)) as address:
        await asyncio.to_thread(one_reading, address)
        data = tmp_path / "data"
        await until(
            lambda: ((read_status(data) or {}).get("report_to_durable") or {}).get("count") == 1,
            "a snapshot",
        )
        async with httpx.AsyncClient(timeout=60) as client:
            text = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    assert "vitalwire_edge_report_to_durable_seconds_count 1.0" in text


async def test_no_port_is_opened_when_none_is_wanted(tmp_path: Path) -> None:
    async with gateway(settings_of(tmp_path).model_copy(update={"listen": ""})) as address:
        assert address == ""


async def test_a_buffer_that_breaks_ends_the_program(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def break_it() -> None:
        with closing(sqlite3.connect(data / "buffer.db")) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with (data / "buffer.db").open("r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 60_000)
        with closing(sqlite3.connect(data / "buffer.db")) as database:
            database.execute("PRAGMA user_version = 1")

    def report_after_damage(address: str) -> None:
        line = connect(address)
        oximeter = Oximeter(line)
        oximeter.associate()
        break_it()
        with pytest.raises((AssertionError, ConnectionError)):
            oximeter.wait_confirmed(oximeter.report(1))
        line.close()

    with pytest.raises(ExceptionGroup) as caught:
        async with gateway(settings_of(tmp_path)) as address:
            await asyncio.to_thread(report_after_damage, address)
    assert caught.group_contains(BufferDamagedError)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority.make(tmp_path)


async def test_mqtt_over_tls_trusts_the_named_authority_alone(
    tmp_path: Path, authority: Authority
) -> None:
    broker = Broker.mosquitto(tmp_path, authority)
    broker.start()
    cloud = MqttCloud(broker.port, authority)
    trusting = f'[uplink]\nmqtt_url = "{broker.url}"\nca_file = "{authority.certificate}"\n'
    async with gateway(settings_of(tmp_path, trusting)) as address:
        await asyncio.to_thread(one_reading, address)
        await until(lambda: len(cloud.receiver.rows) == 3, "the rows over TLS")
    stranger = Authority.make(tmp_path / "other")
    distrusting = trusting.replace(str(authority.certificate), str(stranger.certificate))
    async with gateway(settings_of(tmp_path, distrusting)):
        await until(lambda: "certificate" in link_reason(tmp_path / "data"), "the refusal")
    cloud.close()
    broker.kill()


def link_reason(data: Path) -> str:
    links = ((read_status(data) or {}).get("uplink") or {}).get("links") or [{"reason": ""}]
    return str(links[0]["reason"])


async def test_an_authority_file_that_is_none_is_told(tmp_path: Path) -> None:
    rubbish = tmp_path / "ca.pem"
    rubbish.write_text("no certificate", encoding="utf-8")
    more = f'[uplink]\nhttp_url = "https://127.0.0.1"\nca_file = "{rubbish}"\n'
    with pytest.raises(SettingsError, match=r"uplink\.ca_file"):
        await run(settings_of(tmp_path, more), RunWishes(ready=lambda _agents: None))
