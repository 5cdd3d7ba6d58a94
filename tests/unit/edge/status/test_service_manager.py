"""The service manager is told the truth, and starved when there is none to tell."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.clock import Clock
from edge.status.service_manager import ServiceManager


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(tmp_path / "notify"))
        ear.setblocking(False)
        yield ear


def words(ear: socket.socket) -> list[str]:
    told = []
    while True:
        try:
            told.append(ear.recv(4096).decode())
        except BlockingIOError:
            return told


def test_what_the_environment_asks_for() -> None:
    asked = {"NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}
    assert ServiceManager.from_environment(asked, pid=7) == ServiceManager("/run/x", 30.0)
    assert ServiceManager.from_environment(asked, pid=8) == ServiceManager("/run/x", 0.0)
    assert ServiceManager.from_environment({"WATCHDOG_USEC": "x"}, pid=8) == ServiceManager()


def test_ready_and_stopping_are_told(heard: socket.socket) -> None:
    manager = ServiceManager(heard.getsockname())
    manager.ready("devices may call tcp:1")
    manager.stopping()
    assert words(heard) == ["READY=1\nSTATUS=devices may call tcp:1", "STOPPING=1"]


def test_an_abstract_socket_is_reached() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("\0vitalwire-notify-test")
        ServiceManager("@vitalwire-notify-test").stopping()
        assert ear.recv(64) == b"STOPPING=1"


def test_nobody_there_is_no_fault(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ServiceManager(str(tmp_path / "nobody")).ready("x")
    ServiceManager().ready("x")
    assert [record.message.split(" reason")[0] for record in caplog.records] == [
        "service manager not told"
    ]


class _EnoughError(Exception):
    """Ends a loop that has no end."""


async def test_the_watchdog_is_fed_while_the_gateway_answers(heard: socket.socket) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:
            raise _EnoughError

    async def look() -> str:
        return "3 devices"

    with pytest.raises(_EnoughError):
        await ServiceManager(heard.getsockname(), 30.0).feed(look, Clock(sleep=sleep))
    assert words(heard) == ["WATCHDOG=1\nSTATUS=3 devices"] * 2
    assert pauses == [10.0, 10.0]


async def test_a_gateway_that_does_not_answer_starves_the_watchdog(heard: socket.socket) -> None:
    async def sleep(_seconds: float) -> None:
        raise _EnoughError

    async def never() -> str:
        await asyncio.get_running_loop().create_future()
        raise AssertionError

    with pytest.raises(_EnoughError):
        await ServiceManager(heard.getsockname(), 0.03).feed(never, Clock(sleep=sleep))
    assert words(heard) == []


async def test_without_a_service_manager_there_is_nothing_to_feed() -> None:
    async def look() -> str:
        raise AssertionError

    await ServiceManager().feed(look, Clock())
