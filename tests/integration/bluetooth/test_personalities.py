"""What stock bleak hears of every device is what its journal says it measured.

The values go sensor -> octets -> air -> bluetoothd -> bus -> bleak -> our decoders; the journal
gets the record beside all that.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from io import StringIO
from uuid import UUID

import pytest
import pytest_asyncio
from bleak import BleakClient, BleakScanner
from bleak.backends.characteristic import BleakGATTCharacteristic

from protocols.gatt import battery, cgm, device_information, ghs, viatom
from protocols.gatt.base import ProfileSession
from protocols.gatt.cgm_session_values import FEATURE, SESSION_START
from protocols.gatt.ghs_service_values import CONTROL_POINT, GhsControl, GhsOpCode
from protocols.gatt.racp_codec import (
    RECORD_ACCESS,
    OpCode,
    Operator,
    RacpRequest,
    RacpResponse,
    ResponseValue,
)
from protocols.gatt.registry import PROFILES, find_profile
from protocols.gatt.transcriber import Transcriber
from protocols.model.observation import Observation
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.personalities.registry import KINDS
from simulators.bluetooth.place import BluetoothDevice, BluetoothPlace
from simulators.bluetooth.truth import Truth
from simulators.journal import Journal
from simulators.value_texts import value_text
from tests.fixtures.bluetooth import stable_bedside, switch_on

SPEED = 240.0
ENOUGH = 4


@pytest_asyncio.fixture
async def fast(message_bus: PrivateBus) -> AsyncIterator[BluetoothPlace]:
    """A place where four minutes of the patient last a second."""
    bedside = stable_bedside(speed=SPEED)
    place = BluetoothPlace(message_bus.address, bedside, advertising_seconds=0.02)
    async with place:
        yield place


class Listener:
    """A gateway in small: one session a profile, everything that was understood."""

    def __init__(self, device: BluetoothDevice) -> None:
        self._transcriber = Transcriber(device.personality.identity.info)
        self._sessions: dict[UUID, ProfileSession] = {}
        self.observations: list[Observation] = []
        self.warnings: list[str] = []
        self.answers: asyncio.Queue[bytes] = asyncio.Queue()
        self._grown = asyncio.Event()

    def heard(self, characteristic: BleakGATTCharacteristic, octets: bytearray) -> None:
        uuid = UUID(characteristic.uuid)
        if uuid == RECORD_ACCESS.uuid:
            self.answers.put_nowait(bytes(octets))
            return
        self.take(UUID(characteristic.service_uuid), uuid, bytes(octets))

    def take(self, service: UUID, uuid: UUID, octets: bytes) -> None:
        profile = find_profile(service)
        if profile is None or uuid not in {one.uuid for one in profile.characteristics}:
            return
        session = self._sessions.setdefault(service, profile.open_session(self._transcriber))
        transcript = session.value_received(uuid, octets, utc=datetime.now(UTC))
        self.observations.extend(transcript.observations)
        self.warnings.extend(transcript.warnings)
        self._grown.set()

    async def enough(self) -> None:
        async with asyncio.timeout(60):
            while len(self.observations) < ENOUGH:
                self._grown.clear()
                await self._grown.wait()


async def subscribe(client: BleakClient, listener: Listener) -> None:
    for service in client.services:
        for characteristic in service.characteristics:
            if {"notify", "indicate"} & set(characteristic.properties):
                await client.start_notify(characteristic, listener.heard)


async def ask_for_records(client: BleakClient, listener: Listener) -> ResponseValue:
    request = RECORD_ACCESS.encode(RacpRequest(OpCode.REPORT_RECORDS, Operator.ALL))
    await client.write_gatt_char(str(RECORD_ACCESS.uuid), request, response=True)
    answer = RECORD_ACCESS.decode(await asyncio.wait_for(listener.answers.get(), 30))
    assert isinstance(answer, RacpResponse)
    return ResponseValue(answer.value)


async def ask(client: BleakClient, listener: Listener) -> None:
    """What a device wants to be asked before it says anything."""
    if client.services.get_service(str(cgm.PROFILE.service)) is not None:
        for one in (FEATURE, SESSION_START):
            octets = await client.read_gatt_char(str(one.uuid))
            assert cgm.PROFILE.service is not None
            listener.take(cgm.PROFILE.service, one.uuid, bytes(octets))
    await subscribe(client, listener)
    if client.services.get_service(str(ghs.PROFILE.service)) is not None:
        start = CONTROL_POINT.encode(GhsControl(GhsOpCode.START_LIVE_OBSERVATIONS))
        await client.write_gatt_char(str(CONTROL_POINT.uuid), start, response=True)
    for _ in range(2):
        if client.services.get_service(str(viatom.PROFILE.service)) is not None:
            await client.write_gatt_char(str(viatom.COMMAND.uuid), viatom.READ_SENSORS)
    if client.services.get_characteristic(str(RECORD_ACCESS.uuid)) is not None:
        while len({one.observation_id for one in listener.observations}) < ENOUGH:
            await ask_for_records(client, listener)


@pytest.mark.parametrize("name", [kind.name for kind in KINDS])
async def test_every_reading_heard_is_a_reading_made(fast: BluetoothPlace, name: str) -> None:
    journal = StringIO()
    device = await switch_on(fast, name, file=journal)
    listener = Listener(device)
    found = await BleakScanner.find_device_by_address(device.radio.address, timeout=30)
    assert found is not None
    async with BleakClient(found) as client:
        await ask(client, listener)
        await listener.enough()
    made = [json.loads(line) for line in journal.getvalue().splitlines()]
    made = [line for line in made if line["event"] == "made"]
    values = {(line["type"], line["value"]) for line in made}
    ids = {line["id"] for line in made if line["lane"] == "confirmed"}
    heard = listener.observations
    assert {(str(one.type), value_text(one)) for one in heard} <= values
    if ids:
        assert {str(one.observation_id) for one in heard if _is_stamped(one)} <= ids
    assert listener.warnings == []


def _is_stamped(observation: Observation) -> bool:
    return observation.observed_at.device_time is not None


def test_every_profile_that_tells_of_a_patient_has_a_device() -> None:
    offered = {battery.PROFILE.service, device_information.PROFILE.service}
    for kind in KINDS:
        truth = Truth(Journal(StringIO()), kind.identity.info)
        personality = kind.make(kind.identity, stable_bedside(), truth)
        offered.update(service.uuid for service in personality.services())
    assert {profile.service for profile in PROFILES if profile.service is not None} <= offered
