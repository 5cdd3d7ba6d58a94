"""Pairing by the commands of this machine, through the control socket's handlers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.status.control import ControlSocket
from edge.status.pairing import register_pairing
from edge.status.snapshot import describe_radio
from edge.status.text import format_status
from edge.transports.ble.pairing import NearbyDevice, PairingDesk
from edge.transports.ble.radio import RadioHealth
from tests.fixtures.gatt_peer import turns
from tests.unit.edge.making import NOON

OXI = "F0:00:00:00:00:01"
NEAR = NearbyDevice(
    address=OXI, name="Oxi", services=("glucose",), rssi=-60, enrolled=True, seconds_ago=1.0
)


class Desk:
    """A desk and the socket in front of it."""

    def __init__(self, folder: Path) -> None:
        self.desk = PairingDesk(SYSTEM_CLOCK)
        self.desk.is_enrolled = OXI.__eq__
        self.desk.look_around = lambda: (NEAR,)
        self.acts: list[str] = []
        self.desk.on_begin = lambda address: self.acts.append(f"begin {address}")
        self.desk.on_forget = lambda address: self.acts.append(f"forget {address}")
        self.control = ControlSocket(folder)
        register_pairing(self.control, self.desk)

    async def ask(self, do: str, **wishes: object) -> dict[str, Any]:
        return await self.control.answer(json.dumps({"do": do, **wishes}).encode())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_what_is_asked_and_what_is_near_are_shown(desk: Desk) -> None:
    coming = asyncio.ensure_future(desk.desk.passkey(OXI))
    await turns(3)
    said = await desk.ask("pairing")
    (request,) = said["requests"]
    assert (request["kind"], request["address"]) == ("ask_passkey", OXI)
    assert said["nearby"][0]["services"] == ["glucose"]
    answer = {"id": request["id"], "passkey": 7}
    assert await desk.ask("pairing.answer", **answer) == {"ok": True, "taken": True}
    assert await coming == 7
    assert await desk.ask("pairing.answer", **answer) == {"ok": True, "taken": False}
    assert await desk.ask("pairing.refuse", id=99) == {"ok": True, "taken": False}


async def test_a_device_is_begun_and_forgotten(desk: Desk) -> None:
    assert (await desk.ask("pairing.begin", address=OXI.lower()))["ok"]
    assert (await desk.ask("pairing.forget", address=OXI))["ok"]
    assert desk.acts == [f"begin {OXI}", f"forget {OXI}"]


@pytest.mark.parametrize(
    ("do", "wishes"),
    [
        ("pairing.begin", {}),
        ("pairing.begin", {"address": "F0:00"}),
        ("pairing.begin", {"address": "tea"}),
        ("pairing.answer", {"passkey": 7}),
        ("pairing.answer", {"id": 1, "passkey": "seven"}),
    ],
)
async def test_what_makes_no_sense_is_refused_in_words(
    desk: Desk, do: str, wishes: dict[str, object]
) -> None:
    said = await desk.ask(do, **wishes)
    assert not said["ok"]
    assert "fault" not in said["error"]


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (RadioHealth(is_up=True, adapters=("hci0",), rebuilds=2), "up on hci0, built anew 2 times"),
        (RadioHealth(reason="no adapter is there"), "DOWN (no adapter is there)"),
    ],
)
def test_the_status_tells_of_the_radio(health: RadioHealth, words: str) -> None:
    status = {
        "running": True,
        "at": NOON.isoformat(),
        "devices": [],
        "radio": describe_radio(health),
        "uplink": {"links": []},
        "buffer": {"waiting": {}, "octets_used": 0, "oldest_seconds": None, "quarantine": 0}
        | {"prepared": 0}
        | {"totals": {}, "is_full": False},
        "report_to_durable": {"count": 0},
        "clock": {"steps": 0},
    }
    assert words in format_status(status, now=NOON)
