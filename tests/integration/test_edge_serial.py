"""A device on a serial line: a real pseudo-terminal, pulled out and put back."""

from __future__ import annotations

import asyncio
import gc
import os
import pty
import time
import tty
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.errors import DeviceNotFoundError, TransportClosedError
from edge.transports.base import ByteTransport
from edge.transports.policy import TransportPolicy
from edge.transports.registry import open_line
from protocols.ieee20601.line_framings import HdlcFraming
from protocols.ieee20601.states import State
from protocols.model.observation import NumericObservation
from protocols.model.quantity import Quantity
from tests.fixtures.gateway import Gateway, observations, stamps
from tests.fixtures.oximeter import Oximeter, PtyLine

POLICY = TransportPolicy()


@dataclass(slots=True)
class Cable:
    """A pseudo-terminal behind a stable name, as udev gives one."""

    name: Path
    device: int = -1

    def plug(self) -> PtyLine:
        """Put it in; the device's end."""
        self.device, gateway_end = pty.openpty()
        tty.setraw(gateway_end)
        self.name.unlink(missing_ok=True)
        self.name.symlink_to(os.ttyname(gateway_end))
        os.close(gateway_end)
        return PtyLine(self.device)

    def pull(self) -> None:
        """Take it out."""
        if self.device >= 0:
            os.close(self.device)
            self.device = -1
        self.name.unlink(missing_ok=True)


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    cable = Cable(tmp_path / "ttyOximeter")
    yield cable
    cable.pull()


@pytest.fixture
async def line(cable: Cable) -> AsyncIterator[ByteTransport]:
    cable.plug()
    transport = (await open_line(f"serial:{cable.name},115200,8N1", POLICY)).transport
    yield transport
    await transport.close()


async def read_all(transport: ByteTransport, octets: int) -> bytes:
    data = b""
    async with asyncio.timeout(20):
        while len(data) < octets:
            data += await transport.read()
    return data


async def test_octets_pass_both_ways_unchanged(line: ByteTransport, cable: Cable) -> None:
    every = bytes(range(256)) * 4
    os.write(cable.device, every)
    assert await read_all(line, len(every)) == every
    await line.write(every)
    assert os.read(cable.device, 2048) == every


async def test_a_cancelled_read_loses_nothing(line: ByteTransport, cable: Cable) -> None:
    for number in range(20):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(line.read(), 0.001)
        os.write(cable.device, bytes([number]))
        assert await read_all(line, 1) == bytes([number])


async def test_more_than_the_system_s_buffer_arrives_whole(
    line: ByteTransport, cable: Cable
) -> None:
    sent = os.urandom(300_000)
    writing = asyncio.to_thread(_write_all, cable.device, sent)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(writing)
        received = tasks.create_task(read_all(line, len(sent)))
    assert received.result() == sent


def _write_all(descriptor: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(descriptor, octets) :]


async def test_pulling_the_plug_ends_the_read(line: ByteTransport, cable: Cable) -> None:
    asyncio.get_running_loop().call_later(0.05, cable.pull)
    with pytest.raises(TransportClosedError, match="is gone"):
        await asyncio.wait_for(line.read(), 10)
    with pytest.raises(TransportClosedError):
        await asyncio.wait_for(line.write(b"anyone there"), 10)


@pytest.mark.parametrize("what", ["while it reads", "while it writes", "while it does nothing"])
async def test_a_pulled_plug_is_told_once_and_leaves_no_fault_behind(
    cable: Cable, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    cable.plug()
    transport = (await open_line(f"serial:{cable.name},115200,8N1", POLICY)).transport
    if what == "while it writes":
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(transport.write(bytes(1 << 20)), 0.05)
    if what == "while it reads":
        asyncio.get_running_loop().call_later(0.05, cable.pull)
    else:
        cable.pull()
    with pytest.raises(TransportClosedError, match="is gone"):
        await asyncio.wait_for(transport.read(), 10)
    for _ in range(2):
        await transport.close()
    if behind := asyncio.all_tasks() - {asyncio.current_task()}:
        await asyncio.wait(behind, timeout=10)
    del behind
    gc.collect()  # what a task failed with is told when it is gone
    assert [record.getMessage() for record in caplog.records] == []


async def test_a_port_that_is_not_there_is_a_device_not_found(tmp_path: Path) -> None:
    with pytest.raises(DeviceNotFoundError, match="cannot be opened"):
        await open_line(f"serial:{tmp_path / 'none'},9600", POLICY)


async def test_a_port_is_ours_alone(line: ByteTransport, cable: Cable) -> None:
    del line
    with pytest.raises(DeviceNotFoundError):
        await open_line(f"serial:{cable.name},115200", POLICY)


def test_a_device_unplugged_and_plugged_in_again_goes_on(tmp_path: Path, cable: Cable) -> None:
    more = (
        f'[[devices]]\nname = "ox"\ntransport = "serial:{cable.name},115200"\n'
        "[drivers.reopen]\nfirst = 0.1\nmost = 0.2\n"
    )
    gateway = Gateway.start(tmp_path / "gateway", more)
    gateway.wait_for_status("a missing port", name="ox", state="waiting")
    for number in range(2):
        line = cable.plug()
        gateway.wait_for_status("the port", name="ox", state="connected")
        oximeter = Oximeter(line)
        oximeter.associate()
        oximeter.send_confirmed(number)
        cable.pull()
        gateway.wait_for_status("the port gone", name="ox", state="waiting")
    assert gateway.stop() == 0
    assert len(stamps(gateway.data)) == 4
    log = gateway.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert log.count("is gone") == 2, "once for each time it was pulled"


def with_noise(octets: bytes) -> list[bytes]:
    """An APDU on a bad cable: octets of nobody's before and behind it."""
    return [b"\x55\xaa\xff\xe7", octets, b"\x7d\xc1\x00"]


def with_damaged_copy(octets: bytes) -> list[bytes]:
    """A frame whose value was changed on the way, then the frame itself."""
    damaged = bytearray(octets)
    damaged[-16] ^= 0x08
    return [*with_noise(bytes(damaged)), octets]


def listen_on(tmp_path: Path, cable: Cable, settings: str) -> Gateway:
    device = f'[[devices]]\nname = "ox"\ntransport = "serial:{cable.name},115200{settings}"\n'
    gateway = Gateway.start(tmp_path / "gateway", device)
    gateway.wait_for_status("the port", name="ox", state="connected")
    return gateway


def values_held(gateway: Gateway) -> list[str]:
    held = [one for one in observations(gateway.data) if isinstance(one, NumericObservation)]
    return [str(one.value.value) for one in held if isinstance(one.value, Quantity)]


def test_a_raw_line_finds_its_way_through_noise(tmp_path: Path, cable: Cable) -> None:
    oximeter = Oximeter(cable.plug(), mangle=with_noise)
    gateway = listen_on(tmp_path, cable, "")
    oximeter.associate()
    for number in range(3):
        oximeter.send_confirmed(number)
    assert gateway.stop() == 0
    assert values_held(gateway) == ["90", "60", "91", "61", "92", "62"]


def test_a_framed_line_takes_no_changed_value(tmp_path: Path, cable: Cable) -> None:
    oximeter = Oximeter(cable.plug(), mangle=with_damaged_copy, framing=HdlcFraming())
    gateway = listen_on(tmp_path, cable, ",8N1,framing=hdlc")
    oximeter.associate()
    for number in range(3):
        oximeter.send_confirmed(number)
    assert gateway.stop() == 0
    assert values_held(gateway) == ["90", "60", "91", "61", "92", "62"]


def test_a_line_with_the_wrong_framing_stores_nothing(tmp_path: Path, cable: Cable) -> None:
    oximeter = Oximeter(cable.plug(), framing=HdlcFraming())
    gateway = listen_on(tmp_path, cable, "")
    oximeter.agent.associate(now=time.monotonic())
    with pytest.raises(AssertionError, match="an association"):
        oximeter.work_until(lambda: oximeter.agent.state is State.OPERATING, "an association", 0.5)
    assert gateway.stop() == 0
    assert values_held(gateway) == []
