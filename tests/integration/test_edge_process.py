"""The whole gateway as a process, with real 20601 agents over real sockets."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.model.timestamps import DeviceTime
from simulators.incident.listening import free_port
from tests.fixtures.gateway import Gateway, held, observations, stamps, status_json
from tests.fixtures.oximeter import Oximeter, connect, stamp_of
from tests.fixtures.uplink_peers import HttpCloud
from tests.waiting import wait_until

# What a busy machine may need to end an interpreter, beside the gateway's own two seconds.
INTERPRETER_END_SECONDS = 2.0


def text_of(number: int) -> str:
    return DeviceTime.absolute(stamp_of(number)).value


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    gateway = Gateway.start(tmp_path)
    yield gateway
    gateway.stop()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for the tests that only talk to it; each brings a device of its own."""
    gateway = Gateway.start(tmp_path_factory.mktemp("shared"))
    yield gateway
    gateway.stop()


def device(number: int) -> SystemId:
    return SystemId(bytes([1, 2, 3, 4, 5, 6, number >> 8, number & 0xFF]))


def observed(gateway: Gateway, who: SystemId) -> list[Observation]:
    return [item for item in observations(gateway.data) if item.device == who]


def test_a_confirm_arrives_only_when_the_rows_are_durable(tmp_path: Path) -> None:
    """Kill -9 right after each confirm: what was confirmed is there, every time."""
    for number in range(4):
        gateway = Gateway.start(tmp_path)
        line = connect(gateway.agents)
        oximeter = Oximeter(line)
        oximeter.associate()
        oximeter.send_confirmed(number)
        gateway.kill()
        line.close()
        expected = [text_of(done) for done in range(number + 1) for _ in range(2)]
        assert stamps(gateway.data) == expected


def test_a_device_is_described_before_its_first_reading(shared: Gateway) -> None:
    line = connect(shared.agents)
    oximeter = Oximeter(line, system_id=device(0x100))
    oximeter.associate()
    oximeter.send_confirmed(1)
    oximeter.release()
    line.close()
    own = [
        item
        for item in held(shared.data)
        if device(0x100) in (getattr(item, "system_id", None), getattr(item, "device", None))
    ]
    first, *rest = own
    assert isinstance(first, DeviceInfo)
    assert (first.manufacturer, first.model, first.serial_number) == ("Acme", "OX-2", "S1")
    assert len(rest) == 2


def test_a_reading_sent_again_after_a_restart_is_confirmed_and_stored_once(tmp_path: Path) -> None:
    for _ in range(2):
        gateway = Gateway.start(tmp_path)
        line = connect(gateway.agents)
        oximeter = Oximeter(line)
        oximeter.associate()
        oximeter.send_confirmed(7)
        line.close()
        gateway.stop()
    assert stamps(gateway.data) == [text_of(7)] * 2, "one SpO2 and one pulse rate"


def test_unconfirmed_reports_are_stored_too(shared: Gateway) -> None:
    line = connect(shared.agents)
    oximeter = Oximeter(line, system_id=device(0x200))
    oximeter.associate()
    for number in range(10):
        oximeter.report(number, confirmed=False)
    oximeter.send_confirmed(10)
    line.close()
    assert len(observed(shared, device(0x200))) == 22


def test_noise_and_split_octets_cost_no_confirmed_reading(shared: Gateway) -> None:
    chance = random.Random(7)  # noqa: S311 - a test repeats itself

    def mangle(octets: bytes) -> list[bytes]:
        cut = chance.randrange(1, len(octets))
        noise = bytes(chance.randrange(0, 0xE0) for _ in range(chance.randrange(0, 30)))
        return [noise, octets[:cut], octets[cut:]]

    line = connect(shared.agents)
    oximeter = Oximeter(line, system_id=device(0x300), mangle=mangle)
    oximeter.associate()
    for number in range(20):
        oximeter.send_confirmed(number)
    line.close()
    found = [item.observed_at.device_time for item in observed(shared, device(0x300))]
    assert [time.value for time in found if time is not None] == [
        text_of(number) for number in range(20) for _ in range(2)
    ]
    shared.wait_for_status("the noise counted", system_id=str(device(0x300)), confirmed=20)
    assert "octets discarded" in shared.log.read_text(encoding="utf-8")


def test_garbage_and_a_cut_off_message_leave_the_port_open_for_others(shared: Gateway) -> None:
    host, port = shared.agents.removeprefix("tcp:").rsplit(":", 1)
    foreign, cut_off = b"GET / HTTP/1.1\r\n\r\n", b"\xe2\x00\x00\x32\x80"
    for octets in (foreign, bytes(5000), cut_off, b"\xff" * 70000):
        with socket.create_connection((host, int(port)), timeout=10) as rude:
            rude.sendall(octets)
    line = connect(shared.agents)
    oximeter = Oximeter(line, system_id=device(0x400))
    oximeter.associate()
    oximeter.send_confirmed(1)
    line.close()
    assert len(observed(shared, device(0x400))) == 2


def test_many_agents_at_once_share_the_buffer(shared: Gateway) -> None:
    agents = []
    for number in range(12):
        line = connect(shared.agents)
        oximeter = Oximeter(line, system_id=device(0x500 + number))
        oximeter.associate()
        agents.append((line, oximeter))
    for number in range(5):
        waiting = [(oximeter, oximeter.report(number)) for _, oximeter in agents]
        for oximeter, invoke_id in waiting:
            oximeter.wait_confirmed(invoke_id)
    for line, oximeter in agents:
        oximeter.release()
        line.close()
    for number in range(12):
        own = observed(shared, device(0x500 + number))
        assert len({item.observation_id for item in own}) == 5 * 2


def test_connections_beyond_the_limit_and_idle_ones_are_sent_away(tmp_path: Path) -> None:
    more = "[transports]\nmax_connections = 1\n[drivers]\nunassociated_seconds = 1.0\n"
    gateway = Gateway.start(tmp_path, more)
    idle = connect(gateway.agents)
    second = connect(gateway.agents)
    assert second.receive(10) == b"", "the second is turned away at once"
    assert idle.receive(10) == b"", "the idle one after its time"
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    oximeter.send_confirmed(1)
    assert gateway.stop() == 0
    for item in (idle, second, line):
        item.close()


def test_status_tells_how_a_running_gateway_is_and_when_it_ended(gateway: Gateway) -> None:
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    oximeter.send_confirmed(1)
    gateway.wait_for_status("the device", state="receiving", model="Acme OX-2", stored=2)
    running = status_json(gateway.data)
    assert running["running"]
    assert running["report_to_durable"]["count"] == 1
    assert gateway.stop() == 0
    line.close()
    ended = status_json(gateway.data)
    assert (ended["running"], ended["ended"], ended["rows_waiting"]) == (False, True, 3)


def test_a_killed_gateway_is_told_from_a_stopped_one(gateway: Gateway) -> None:
    gateway.wait_for_status_file()
    gateway.kill()
    text = subprocess.run(
        [sys.executable, "-m", "edge", "status", "--data", str(gateway.data)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "does not run: ended without a word" in text


def test_sigterm_releases_the_devices(gateway: Gateway) -> None:
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    gateway.process.terminate()
    with pytest.raises(ConnectionError):
        oximeter.work_until(lambda: False, "the end of the line")
    assert any(getattr(event, "released", False) for event in oximeter.events)
    assert gateway.stop() == 0
    line.close()


def test_a_full_buffer_confirms_nothing_until_the_cloud_took_rows(tmp_path: Path) -> None:
    """Reads and uplink go on, nothing is confirmed that is not stored, and the status says so."""
    port = free_port()
    quota = (
        "[buffer]\nmax_bytes = 262144\nquota_reserve_bytes = 131072\n"
        f'[uplink]\nhttp_url = "http://127.0.0.1:{port}"\n'
    )
    gateway = Gateway.start(tmp_path, quota)
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    confirmed = 0
    while confirmed < 2000 and oximeter.is_confirmed(oximeter.report(confirmed), seconds=1.5):
        confirmed += 1
    assert 0 < confirmed < 2000
    gateway.wait_for_status("the refusal", state="refused", confirmed=confirmed)
    assert len(observations(gateway.data)) == 2 * confirmed
    line.close()
    cloud = HttpCloud(port)
    wait_until(lambda: not observations(gateway.data), timeout=20, what="the cloud to take all")
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    oximeter.send_confirmed(confirmed)
    wait_until(
        lambda: len(cloud.receiver.rows) >= 2 * (confirmed + 1), timeout=20, what="the last reading"
    )
    line.close()
    assert gateway.stop() == 0
    cloud.close()
    assert "reports refused" in gateway.log.read_text(encoding="utf-8")


def test_the_ready_line_is_the_only_line_on_standard_output(gateway: Gateway) -> None:
    gateway.process.terminate()
    assert gateway.process.stdout is not None
    assert gateway.process.stdout.read() == ""
    assert json.dumps(gateway.agents).startswith('"tcp:127.0.0.1:')


def test_a_stop_does_not_wait_for_a_broker_that_never_answers(tmp_path: Path) -> None:
    """A network that swallows everything: a listener whose queue is full answers no one."""
    with socket.socket() as hole, contextlib.ExitStack() as callers:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        address = hole.getsockname()
        for _ in range(4):
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(address)
        gateway = Gateway.start(tmp_path, f'[uplink]\nmqtt_url = "mqtt://127.0.0.1:{address[1]}"\n')
        began = time.monotonic()
        assert gateway.stop() == 0
        assert time.monotonic() - began < 2.0 + INTERPRETER_END_SECONDS


def test_a_stop_does_not_wait_for_a_broker_that_falls_silent(tmp_path: Path) -> None:
    """It said its version, and nothing after that: paho waits for a connection on its thread."""
    with (
        socket.create_server(("127.0.0.1", 0), backlog=1) as server,
        contextlib.ExitStack() as held,
    ):
        address = server.getsockname()

        def answer_once() -> None:
            connection, _ = server.accept()
            connection.recv(100)
            connection.sendall(bytes.fromhex("20090000"))
            connection.close()
            for _ in range(4):
                caller = held.enter_context(socket.socket())
                caller.setblocking(False)
                caller.connect_ex(address)
            told.set()

        told = threading.Event()
        thread = threading.Thread(target=answer_once)
        thread.start()
        gateway = Gateway.start(tmp_path, f'[uplink]\nmqtt_url = "mqtt://127.0.0.1:{address[1]}"\n')
        assert told.wait(20)
        thread.join()
        gateway.wait_for_status_file()
        began = time.monotonic()
        assert gateway.stop() == 0
        assert time.monotonic() - began < 2.0 + INTERPRETER_END_SECONDS


def test_what_the_gateway_keeps_is_for_its_user_alone(gateway: Gateway) -> None:
    gateway.wait_for_status_file()
    assert gateway.data.stat().st_mode & 0o777 == 0o700
    for name in ("buffer.db", "buffer.db-wal", "buffer.db-shm", "status.json"):
        assert (gateway.data / name).stat().st_mode & 0o777 == 0o600, name
    assert "open to others" not in gateway.log.read_text(encoding="utf-8")


def test_a_data_folder_open_to_others_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    gateway = Gateway.start(tmp_path)
    assert gateway.stop() == 0
    assert "data folder open to others" in gateway.log.read_text(encoding="utf-8")
