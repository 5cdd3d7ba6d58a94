"""Oximeters whose makers have services of their own: Nonin, BerryMed, Viatom."""

from __future__ import annotations

import math
from collections.abc import Coroutine
from typing import Final

from protocols.gatt import berrymed, nonin, viatom
from protocols.gatt.berrymed import PACKETS_A_SECOND, BerryOctets, BerryPacket, encode_packet
from protocols.gatt.nonin import NoninMeasurement
from protocols.gatt.viatom import READ_SENSORS, ViatomOctets, ViatomStream, encode_answer
from simulators.bluetooth.bedside import Bedside
from simulators.bluetooth.offers import Offer, ServiceOffer
from simulators.bluetooth.personalities.base import (
    BluetoothIdentity,
    Personality,
    identity_info,
    pushed,
    service_of,
)
from simulators.bluetooth.truth import Truth

_SECOND: Final = 1.0
_SEARCHING: Final = nonin.WEAK_SIGNAL | nonin.SEARCHING
_BATTERY_DECIVOLTS: Final = 29
_STRONG: Final = 8
_TOP: Final = 100
PIECE_OCTETS: Final = 20
"""The UART cuts its stream wherever a notification of the smallest MTU is full."""

NONIN: Final = BluetoothIdentity(
    name="nonin-oximeter",
    shown_name="Nonin3230_0001",
    address="F0:5A:00:00:00:0A",
    info=identity_info(10, "3230", "BT-NO-0010"),
    advertised=(),
)
BERRYMED: Final = BluetoothIdentity(
    name="berrymed-oximeter",
    shown_name="BerryMed",
    address="F0:5A:00:00:00:0B",
    info=identity_info(11, "BM1000", "BT-BE-0011"),
    advertised=(),
)
VIATOM: Final = BluetoothIdentity(
    name="viatom-oximeter",
    shown_name="O2Ring 0012",
    address="F0:5A:00:00:00:0C",
    info=identity_info(12, "O2Ring", "BT-VI-0012"),
    advertised=(),
)


class NoninOximeter(Personality):
    """Ten octets a second."""

    def services(self) -> tuple[ServiceOffer, ...]:
        """The Nonin Oximetry Service."""
        return (service_of(nonin.PROFILE, pushed(nonin.MEASUREMENT)),)

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring."""
        return (self.every(_SECOND, self._measure),)

    async def _measure(self, t: float) -> None:
        seen = self.bedside.sensor.numerics_at(t)
        amplitude = 0 if seen.perfusion_index is None else int(seen.perfusion_index * 100)
        record = NoninMeasurement(
            status=nonin.DISPLAY_SYNC if seen.spo2 is not None else _SEARCHING,
            battery_decivolts=_BATTERY_DECIVOLTS,
            pulse_amplitude=amplitude,
            seconds=round(t) % (1 << 16),
            spo2=seen.spo2,
            pulse_rate=seen.pulse_rate,
        )
        await self.notify(nonin.PROFILE, nonin.MEASUREMENT, record)


class BerryMedOximeter(Personality):
    """A hundred packets a second through a UART that cuts them anywhere."""

    def services(self) -> tuple[ServiceOffer, ...]:
        """The UART's service."""
        return (service_of(berrymed.PROFILE, pushed(berrymed.STREAM)),)

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Measuring."""
        return (self.every(_SECOND, self._measure),)

    async def _measure(self, t: float) -> None:
        stream = b"".join(encode_packet(packet) for packet in self._packets(t))
        at = self.bedside.utc
        ids = self.truth.made(berrymed.PROFILE, berrymed.STREAM, BerryOctets(stream), at=at)
        heard = 0
        for start in range(0, len(stream), PIECE_OCTETS):
            piece = stream[start : start + PIECE_OCTETS]
            heard = await self.peripheral.notify(berrymed.STREAM.uuid, piece)
        self.truth.about("sent" if heard else "unheard", ids, at=self.bedside.utc)

    def _packets(self, t: float) -> list[BerryPacket]:
        """One second: the pulse wave as a rise and a slow fall, the numbers all the same."""
        seen = self.bedside.sensor.numerics_at(t)
        rate = seen.pulse_rate or 0
        packets = []
        for number in range(PACKETS_A_SECOND):
            turn = (t + number / PACKETS_A_SECOND) * rate / 60 % 1.0
            height = math.sin(math.pi * turn**0.5) if rate else 0.0
            packets.append(
                BerryPacket(
                    pleth=round(_TOP * height),
                    spo2=seen.spo2,
                    pulse_rate=seen.pulse_rate,
                    signal_strength=_STRONG if rate else 0,
                    has_signal=bool(rate),
                    is_searching=not rate,
                    beep=bool(rate) and turn < rate / 60 / PACKETS_A_SECOND,
                )
            )
        return packets


class ViatomOximeter(Personality):
    """Says nothing until it is asked for its present values."""

    def __init__(self, identity: BluetoothIdentity, bedside: Bedside, truth: Truth) -> None:
        super().__init__(identity, bedside, truth)
        self._commands = ViatomStream(is_answer=False)

    def services(self) -> tuple[ServiceOffer, ...]:
        """The command service."""
        command = Offer(characteristic=viatom.COMMAND, write=self._written)
        return (service_of(viatom.PROFILE, pushed(viatom.ANSWER), command),)

    def loops(self) -> tuple[Coroutine[object, object, None], ...]:
        """Nothing by itself."""
        return ()

    async def _written(self, octets: bytes) -> None:
        frames, _ = self._commands.receive_frames(octets)
        for frame in frames:
            if frame.code == READ_SENSORS[1]:
                await self._answer(frame.code)

    async def _answer(self, code: int) -> None:
        seen = self.bedside.sensor.numerics_at(self.bedside.now)
        worn = seen.spo2 is not None and seen.pulse_rate is not None
        payload = bytearray(13)
        payload[0] = seen.spo2 or 0
        payload[1] = seen.pulse_rate or 0
        payload[2] = 0 if worn else 0xFF
        payload[7] = _TOP
        octets = encode_answer(code, bytes(payload))
        at = self.bedside.utc
        ids = self.truth.made(viatom.PROFILE, viatom.ANSWER, ViatomOctets(octets), at=at)
        for start in range(0, len(octets), PIECE_OCTETS):
            await self.peripheral.notify(viatom.ANSWER.uuid, octets[start : start + PIECE_OCTETS])
        self.truth.about("sent", ids, at=self.bedside.utc)
