"""`vitalwire-edge pair` in front of a control socket: what it shows, asks, answers and returns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from edge.__main__ import main
from edge.cli import pair as pair_command
from edge.clock import SYSTEM_CLOCK
from edge.errors import PairingError
from edge.status.control import ControlSocket, ask
from edge.status.pairing import register_pairing
from edge.transports.ble.pairing import NearbyDevice, PairingDesk

OXI = "F0:00:00:00:00:01"
NEAR = NearbyDevice(
    address=OXI, name="Oxi", services=(), rssi=-60, enrolled=True, seconds_ago=1.0, reason="asleep"
)


@pytest_asyncio.fixture
async def desk(tmp_path: Path) -> AsyncIterator[PairingDesk]:
    """A desk behind a served socket in `tmp_path`."""
    made = PairingDesk(SYSTEM_CLOCK)
    made.is_enrolled = OXI.__eq__
    made.name_of = lambda _address: "Oxi"
    control = ControlSocket(tmp_path)
    register_pairing(control, made)
    serving = asyncio.ensure_future(control.run())
    await control.is_served.wait()
    yield made
    serving.cancel()
    await asyncio.wait({serving})


async def pair(folder: Path, *words: str) -> int:
    """The command, in a thread as a process of its own would be."""
    return await asyncio.to_thread(main, ["pair", "--data", str(folder), *words])


async def follow(folder: Path, said: str) -> int:
    """The command's wait for the device; `said` is what the person types."""
    await asyncio.to_thread(ask, folder, "pairing.begin", address=OXI)
    return await asyncio.to_thread(pair_command.follow, folder, OXI, 5.0, lambda _asked: said)


def settled(desk: PairingDesk) -> None:
    """The device is served from now on."""
    desk.look_around = lambda: (replace(NEAR, state="receiving"),)


async def test_what_is_near_and_what_is_asked_is_shown(
    desk: PairingDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await pair(tmp_path) == 0
    assert "nothing is near" in capsys.readouterr().out
    desk.look_around = lambda: (NEAR,)
    await desk.show(OXI, 42)
    assert await pair(tmp_path) == 0
    said = capsys.readouterr().out
    assert "show_passkey 000042" in said
    assert "no service named" in said


async def test_a_number_is_typed_and_the_device_is_paired(
    desk: PairingDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[asyncio.Future[int]] = []

    def begun(_address: str) -> None:
        asked.append(asyncio.ensure_future(desk.passkey(OXI)))
        asked[0].add_done_callback(lambda _done: settled(desk))

    desk.on_begin = begun
    assert await follow(tmp_path, " 123456 ") == 0
    assert asked[0].result() == 123456
    assert "Oxi is paired" in capsys.readouterr().out


@pytest.mark.parametrize(("said", "accepted"), [("y", True), ("no", False)])
async def test_numbers_are_compared(
    desk: PairingDesk, tmp_path: Path, said: str, *, accepted: bool
) -> None:
    asked: list[asyncio.Future[None]] = []

    def begun(_address: str) -> None:
        asked.append(asyncio.ensure_future(desk.compare(OXI, 7)))
        asked[0].add_done_callback(lambda _done: settled(desk))

    desk.on_begin = begun
    assert await follow(tmp_path, said) == 0
    assert (asked[0].exception() is None) is accepted
    assert accepted or isinstance(asked[0].exception(), PairingError)


async def test_a_number_to_type_on_the_device_is_shown_and_the_wait_ends(
    desk: PairingDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.show(OXI, 42)
    desk.look_around = lambda: (NEAR,)
    assert await pair(tmp_path, OXI, "--seconds", "0.5") == 1
    said = capsys.readouterr().out
    assert "Type 000042 on Oxi" in said
    assert "was not paired: asleep" in said


async def test_a_device_is_forgotten(
    desk: PairingDesk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    forgotten: list[str] = []
    desk.on_forget = forgotten.append
    assert await pair(tmp_path, OXI, "--forget") == 0
    assert forgotten == [OXI]
    assert await pair(tmp_path, "--forget") == 2
    assert "needs an address" in capsys.readouterr().err
