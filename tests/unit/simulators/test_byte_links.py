"""The wires: a host may come, go and come back; the device waits for it."""

from __future__ import annotations

import asyncio
import os
import tty
from pathlib import Path

import pytest

from simulators.byte_links import PtyLink, TcpLink, open_link
from simulators.errors import DeviceSettingsError, LinkClosedError


def open_port(link: Path) -> int:
    port = os.open(link, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(port)
    return port


async def test_a_serial_line_waits_for_its_host_and_carries_octets_both_ways(
    tmp_path: Path,
) -> None:
    link = PtyLink(tmp_path / "dev" / "defib")
    port = -1
    try:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(link.connect(), 0.06)
        port = open_port(tmp_path / "dev" / "defib")
        await asyncio.wait_for(link.connect(), 5)
        await link.write(b"\xe2\x00\x11\x13\x03")
        assert os.read(port, 100) == b"\xe2\x00\x11\x13\x03"
        os.write(port, b"\x0a\x0d\x04")
        assert await asyncio.wait_for(link.read(), 5) == b"\x0a\x0d\x04"
    finally:
        os.close(port)
        link.remove()


async def test_a_serial_line_survives_its_host_and_serves_the_next_one(tmp_path: Path) -> None:
    link = PtyLink(tmp_path / "defib")
    port = open_port(tmp_path / "defib")
    await asyncio.wait_for(link.connect(), 5)
    reading = asyncio.ensure_future(link.read())
    os.close(port)
    assert await asyncio.wait_for(reading, 5) == b""
    with pytest.raises(LinkClosedError):
        await link.write(b"lost")
    await link.close()
    port = open_port(tmp_path / "defib")
    await asyncio.wait_for(link.connect(), 5)
    await link.write(b"again")
    assert os.read(port, 100) == b"again"
    os.close(port)
    link.remove()
    assert not (tmp_path / "defib").is_symlink()


async def test_a_serial_line_nobody_reads_refuses_what_is_written(
    tmp_path: Path,
) -> None:
    link = PtyLink(tmp_path / "defib")
    with pytest.raises(LinkClosedError):
        await link.write(b"nobody there")
    link.remove()


async def test_a_device_dials_until_its_manager_answers(unused_tcp_port: int) -> None:
    link = TcpLink("127.0.0.1", unused_tcp_port)
    connecting = asyncio.ensure_future(link.connect())

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.read(100))[::-1])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", unused_tcp_port)
    await asyncio.wait_for(connecting, 5)
    await link.write(b"abc")
    assert await asyncio.wait_for(link.read(), 5) == b"cba"
    assert await asyncio.wait_for(link.read(), 5) == b""
    await link.close()
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("address", ["tcp:nowhere", "udp:127.0.0.1:1", "tcp:127.0.0.1:99999", ""])
def test_an_address_that_is_none_is_refused_in_one_sentence(address: str) -> None:
    with pytest.raises(DeviceSettingsError, match="Write tcp:HOST:PORT"):
        open_link(connect=address, pty_link=None)


def test_a_file_that_is_no_serial_line_is_left_alone(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.write_text("keep me", encoding="utf-8")
    with pytest.raises(DeviceSettingsError, match="Name a path that is free"):
        PtyLink(notes)
    assert notes.read_text(encoding="utf-8") == "keep me"


def test_a_device_has_exactly_one_wire() -> None:
    with pytest.raises(DeviceSettingsError, match="one wire"):
        open_link(connect=None, pty_link=None)
