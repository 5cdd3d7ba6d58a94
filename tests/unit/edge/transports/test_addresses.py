"""Addresses of lines, and the registry that knows every file of the room."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest

import edge.transports
from edge.errors import DeviceNotFoundError, StartError
from edge.transports import serial, tcp
from edge.transports.policy import TransportPolicy
from edge.transports.registry import SCHEMES, Scheme, check_address, open_line
from edge.transports.replay import ReplayAddress
from edge.transports.replay import parse_address as parse_replay
from edge.transports.serial_address import SerialAddress

NO_SCHEMES = {"base", "ble", "policy", "registry", "serial_address", "threaded_port"}


@pytest.mark.parametrize(
    "name",
    [item.name for item in pkgutil.iter_modules(edge.transports.__path__)],
)
def test_every_file_of_the_room_is_registered(name: str) -> None:
    registered = {scheme.module for scheme in SCHEMES}
    assert (f"edge.transports.{name}" in registered) is (name not in NO_SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_every_registered_file_opens_and_checks(scheme: Scheme) -> None:
    module = importlib.import_module(scheme.module)
    assert callable(module.open_line)
    assert callable(module.parse_address)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("10.0.0.5:6024", "10.0.0.5", 6024), ("[::1]:1", "::1", 1), ("box.local:80", "box.local", 80)],
)
def test_tcp_addresses_read_and_print(text: str, host: str, port: int) -> None:
    address = tcp.parse_address(text)
    assert (address.host, address.port) == (host, port)
    assert str(address) == f"tcp:{text}"


def test_serial_addresses_read() -> None:
    assert serial.parse_address("/dev/a") == SerialAddress("/dev/a", 115200)
    assert serial.parse_address("/dev/a,9600,7E2,rtscts") == SerialAddress(
        "/dev/a", 9600, 7, "E", 2, rtscts=True
    )
    assert serial.parse_address("/dev/a,9600,framing=hdlc").framing == "hdlc"


def test_serial_settings_are_those_of_each_device() -> None:
    found = serial.parse_address("/dev/a,9600,5M1.5,dsrdtr,xonxoff,dtr=off,rts=off")
    assert (found.data_bits, found.parity, found.stop_bits) == (5, "M", 1.5)
    assert (found.dsrdtr, found.xonxoff, found.dtr, found.rts) == (True, True, False, False)
    assert not found.is_url


def test_serial_ports_may_stand_elsewhere() -> None:
    assert serial.parse_address("rfc2217://box:2217,9600").is_remote_port
    assert not serial.parse_address("socket://10.0.0.5:4001").is_remote_port


def test_a_line_is_raw_unless_its_address_names_a_framing() -> None:
    assert tcp.parse_address("a:1").framing == serial.parse_address("/dev/a,9600").framing == "raw"
    assert tcp.parse_address("a:1,framing=hdlc") == tcp.TcpAddress("a", 1, "hdlc")
    assert tcp.parse_address("a:1,framing=raw") == tcp.TcpAddress("a", 1)


def test_replay_addresses_read() -> None:
    assert parse_replay("a/b.jsonl") == ReplayAddress(Path("a/b.jsonl"), None)
    assert parse_replay("b.json#pen") == ReplayAddress(Path("b.json"), "pen")


@pytest.mark.parametrize(
    "address",
    [
        "tcp:host",
        "tcp::80",
        "tcp:host:http",
        "tcp:host:65536",
        "tcp:host:1,framing=slip",
        "tcp:host:1,",
        "serial:/dev/a,9600,framing=",
        "serial:/dev/a,framing=hdlc",
        "serial:",
        "serial:/dev/a,fast",
        "serial:/dev/a,0",
        "serial:/dev/a,9600,9N1",
        "serial:rfc2217://box,9600",
        "serial:rfc2217://:1,9600",
        "serial:spy:///dev/a,9600",
        "serial:socket://user:secret@box:1,9600",
        "serial:socket://box:1?logging=debug,9600",
        "replay:",
        "replay:#only",
        "usb:1",
        "nothing",
        "",
    ],
)
def test_a_wrong_address_says_what_is_wrong(address: str) -> None:
    with pytest.raises(ValueError, match=r"\w+"):
        check_address(address)


async def test_a_device_that_does_not_answer_is_not_found() -> None:
    policy = TransportPolicy(connect_timeout_seconds=2.0)
    with pytest.raises(DeviceNotFoundError, match="cannot be reached"):
        await open_line("tcp:127.0.0.1:9", policy)


async def test_an_address_that_is_not_ours_cannot_be_listened_on() -> None:
    with pytest.raises(StartError, match="Correct the address in 'listen'"):
        await tcp.listen(tcp.TcpAddress("203.0.113.1", 0), TransportPolicy(), lambda *_: True)
