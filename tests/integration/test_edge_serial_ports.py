"""Serial ports at their edges: patterns, ports elsewhere, refusals, a device that stalls."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import DeviceNotFoundError, TransportClosedError, TransportTimeoutError
from edge.transports.base import ByteTransport
from edge.transports.policy import TransportPolicy
from edge.transports.registry import open_line
from tests.fixtures.gateway import Gateway, stamps
from tests.fixtures.gatt_peer import turns
from tests.fixtures.oximeter import Oximeter, PtyLine
from tests.fixtures.port_server import PortServer, port_server
from tests.waiting import wait_until

POLICY = TransportPolicy()
EVERY = bytes(range(256)) * 8


@pytest.fixture
def port(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A port by its stable name, and the device's end."""
    device, far = pty.openpty()
    tty.setraw(far)
    name = tmp_path / "usb-Example_Oximeter_A1-if00-port0"
    name.symlink_to(os.ttyname(far))
    os.close(far)
    yield name, device
    os.close(device)


async def read_all(transport: ByteTransport, octets: int) -> bytes:
    data = b""
    async with asyncio.timeout(20):
        while len(data) < octets:
            data += await transport.read()
    return data


async def test_a_pattern_means_the_one_port_of_that_name(port: tuple[Path, int]) -> None:
    name, device = port
    transport = (await open_line(f"serial:{name.parent}/usb-Example*,9600", POLICY)).transport
    os.write(device, b"here")
    assert await read_all(transport, 4) == b"here"
    await transport.close()


async def test_a_pattern_for_none_or_for_several_ports_is_told(port: tuple[Path, int]) -> None:
    name, _ = port
    with pytest.raises(DeviceNotFoundError, match="no port is named like"):
        await open_line(f"serial:{name.parent}/usb-Other*,9600", POLICY)
    name.with_name("usb-Example_Oximeter_A2-if00-port0").symlink_to(name.readlink())
    with pytest.raises(DeviceNotFoundError, match=r"2 ports are named like .*A1.*A2.*Write more"):
        await open_line(f"serial:{name.parent}/usb-Example*,9600", POLICY)


async def test_settings_that_a_port_does_not_take_are_told_as_such(port: tuple[Path, int]) -> None:
    """A pseudo-terminal knows no parity; the library lets a bare terminal error through."""
    name, _ = port
    with pytest.raises(DeviceNotFoundError, match="does not take these line settings"):
        await open_line(f"serial:{name},38400,7E1", POLICY)


async def test_a_port_in_use_and_a_port_that_is_none_are_told(
    port: tuple[Path, int], tmp_path: Path
) -> None:
    name, _ = port
    transport = (await open_line(f"serial:{name}", POLICY)).transport
    with pytest.raises(DeviceNotFoundError, match="in use by another program"):
        await open_line(f"serial:{name}", POLICY)
    await transport.close()
    await (await open_line(f"serial:{name}", POLICY)).transport.close()
    with pytest.raises(DeviceNotFoundError, match="cannot be opened"):
        await open_line(f"serial:{tmp_path}", POLICY)


async def test_a_device_that_takes_nothing_ends_the_line(port: tuple[Path, int]) -> None:
    name, _ = port
    policy = TransportPolicy(write_timeout_seconds=0.2)
    transport = (await open_line(f"serial:{name}", policy)).transport
    with pytest.raises(TransportTimeoutError, match="takes no data"):
        await transport.write(bytes(1 << 20))
    async with asyncio.timeout(5):
        await transport.close()
    with pytest.raises(TransportClosedError):
        await transport.write(b"more")


async def test_what_nobody_reads_is_bounded(port: tuple[Path, int]) -> None:
    name, device = port
    os.set_blocking(device, False)
    transport = (await open_line(f"serial:{name}", POLICY)).transport
    sent, stalls = 0, 0
    async with asyncio.timeout(20):
        while stalls < 100:
            try:
                sent += os.write(device, bytes(4096))
                stalls = 0
            except BlockingIOError:
                stalls += 1
            await turns(1)
    assert 60_000 < sent < 150_000
    assert len(await read_all(transport, sent)) == sent
    await transport.close()


async def test_an_end_of_the_line_loses_nothing_that_came_before(port: tuple[Path, int]) -> None:
    name, device = port
    transport = (await open_line(f"serial:{name},115200,8N1,xonxoff", POLICY)).transport
    await transport.write(EVERY[:100])
    assert os.read(device, 200) == EVERY[:100]
    await transport.close()
    await transport.close()
    with pytest.raises(TransportClosedError, match="is gone"):
        await transport.read()


@pytest.fixture(params=[False, True], ids=["rfc2217", "socket"])
def server(request: pytest.FixtureRequest) -> Iterator[PortServer]:
    with port_server(plain=request.param) as server:
        yield server


def address_of(server: PortServer, settings: str = ",38400") -> str:
    return f"serial:{'socket' if server.plain else 'rfc2217'}://{server.address}{settings}"


async def test_a_port_elsewhere_passes_every_octet_both_ways(server: PortServer) -> None:
    transport = (await open_line(address_of(server), POLICY)).transport
    await transport.write(EVERY)
    got = b""
    while len(got) < len(EVERY):
        got += await asyncio.to_thread(os.read, server.device, 4096)
    assert got == EVERY
    os.write(server.device, EVERY)
    assert await read_all(transport, len(EVERY)) == EVERY
    await transport.close()


async def test_a_port_elsewhere_that_goes_away_is_told(server: PortServer) -> None:
    transport = (await open_line(address_of(server), POLICY)).transport
    asyncio.get_running_loop().call_later(0.05, server.hang_up)
    with pytest.raises(TransportClosedError, match="is gone"):
        await asyncio.wait_for(transport.read(), 20)
    await transport.close()


async def test_the_settings_of_a_port_elsewhere_travel_along() -> None:
    with port_server() as server:
        address = f"serial:rfc2217://{server.address},57600,8N1,rtscts,dtr=off,rts=off"
        transport = (await open_line(address, POLICY)).transport
        assert server.settings() == (57600, "N")
        await transport.close()


@pytest.mark.parametrize("scheme", ["rfc2217", "socket"])
async def test_nobody_at_the_address_of_a_port_is_told(scheme: str) -> None:
    with pytest.raises(DeviceNotFoundError, match="cannot be opened"):
        await open_line(f"serial:{scheme}://127.0.0.1:9", POLICY)


def test_a_device_behind_a_port_server_is_served_and_found_again(tmp_path: Path) -> None:
    with port_server() as server:
        device = (
            f'[[devices]]\nname = "ox"\ntransport = "{address_of(server)}"\n'
            "[drivers.reopen]\nfirst = 0.1\nmost = 0.2\n"
        )
        gateway = Gateway.start(tmp_path, device)
        for number in range(2):
            gateway.wait_for_status("the port", name="ox", reconnects=number, state="connected")
            oximeter = Oximeter(PtyLine(server.device))
            oximeter.associate()
            oximeter.send_confirmed(number)
            server.hang_up()
        wait_until(lambda: len(stamps(gateway.data)) == 4, timeout=20, what="both reports")
        assert gateway.stop() == 0
