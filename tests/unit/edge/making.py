"""Builders of what the gateway's tests need: readings, acknowledgements, a clock that obeys."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from edge.buffer.claims import Claim
from edge.clock import Clock
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import observation_id
from protocols.model.observation import (
    CodedObservation,
    NumericObservation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink.messages import RejectedRow, UplinkAck

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OXIMETER = SystemId(bytes.fromhex("1122334455667788"))
SPO2 = MdcCode(2, 19384)
ECG_LEAD_II = MdcCode(2, 258)
ALARM = MdcCode(3, 258)
PERCENT = UnitCode(544)


def spo2(number: int, *, device: SystemId = OXIMETER) -> NumericObservation:
    """The `number`-th reading: one a second, each with its own identity and value."""
    at = NOON + timedelta(seconds=number)
    stamp = DeviceTime.absolute(at.replace(tzinfo=None))
    return NumericObservation(
        observation_id=observation_id(system_id=device, type_code=SPO2, device_time=stamp),
        type=SPO2,
        observed_at=ObservedTime(at, TimeQuality.DEVICE, stamp),
        device=device,
        value=Quantity(Decimal(80 + number % 20), PERCENT),
    )


def ecg(number: int, *, samples: int = 250) -> SampleArrayObservation:
    """The `number`-th second of waveform."""
    at = NOON + timedelta(seconds=number)
    stamp = DeviceTime.absolute(at.replace(tzinfo=None))
    return SampleArrayObservation(
        observation_id=observation_id(
            system_id=OXIMETER, type_code=ECG_LEAD_II, device_time=stamp, duration_us=1_000_000
        ),
        type=ECG_LEAD_II,
        observed_at=ObservedTime(at, TimeQuality.DEVICE, stamp),
        device=OXIMETER,
        samples=struct.pack(f"<{samples}i", *range(samples)),
        scale=Decimal("0.01"),
        offset=Decimal(0),
        period_us=4000,
        unit=UnitCode(4274),
    )


def alarm(number: int, *, device: SystemId = OXIMETER) -> CodedObservation:
    """The `number`-th second's alarm."""
    at = NOON + timedelta(seconds=number)
    stamp = DeviceTime.absolute(at.replace(tzinfo=None))
    return CodedObservation(
        observation_id=observation_id(system_id=device, type_code=ALARM, device_time=stamp),
        type=ALARM,
        observed_at=ObservedTime(at, TimeQuality.DEVICE, stamp),
        device=device,
        value=MdcCode(3, 3072),
    )


def device_info() -> DeviceInfo:
    """What the oximeter says about itself."""
    return DeviceInfo(system_id=OXIMETER, manufacturer="Acme", model="OX-1")


def ack_of(claim: Claim, *refused: int) -> UplinkAck:
    """The cloud stored the claim, but for the `refused` sequences."""
    return UplinkAck(
        batch_id=claim.batch_id,
        stored=len(claim.rows) - len(refused),
        repeated=0,
        rejected=tuple(RejectedRow(sequence=number, reason="unknown_kind") for number in refused),
    )


@dataclass(slots=True)
class ManualTime:
    """Time that passes only by sleeping; a sleep takes no real time."""

    seconds: float = 100.0
    slept: list[float] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""
        self.slept.append(seconds)
        self.seconds += seconds
        turn = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turn.set_result, None)
        await turn

    @property
    def clock(self) -> Clock:
        """This time behind the gateway's clock."""
        return Clock(
            monotonic=lambda: self.seconds,
            utc=lambda: NOON + timedelta(seconds=self.seconds),
            sleep=self.sleep,
        )
