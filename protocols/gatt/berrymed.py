"""BerryMed BCI protocol over a transparent UART: oximeters BM1000 and their kin.

A stream of packets of five octets, a hundred a second, cut into notifications anywhere. Bit 7 is
set in the first octet of a packet and in no other, which is how a reader finds its place:

    octet 0   sync, pulse beep, probe unplugged, signal present (4), signal strength (0 to 3)
    octet 1   plethysmogram, 0 to 100
    octet 2   bit 6: bit 7 of the pulse rate; searching (5), no finger (4), bar graph (0 to 3)
    octet 3   the lower 7 bits of the pulse rate; 255 altogether is none
    octet 4   SpO2; 127 is none

As public drivers read it (Adafruit's library and the BCI description it names). The service is
that of a chip maker's UART, which printers and mowers have too: open this profile for devices that
call themselves BerryMed, never for the service alone. The numbers
change once a heartbeat at most: they are told once a second, the waveform in stretches of a
second, so that a hundred readings a second do not fill a buffer with the same value.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from protocols.gatt import terms
from protocols.gatt.base import (
    AnyCharacteristic,
    Characteristic,
    GattProfile,
    ProfileSession,
    Property,
)
from protocols.gatt.fields import FieldReader, FieldWriter, whole_number
from protocols.gatt.transcriber import Draft, Transcriber
from protocols.mder.records import STRICT, Leniency
from protocols.model.codes import MdcCode
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature import units

PLETH: Final = MdcCode(2, 19380)
PACKETS_A_SECOND: Final = 100
_PERIOD_US: Final = 10_000
PACKET_OCTETS: Final = 5
_SYNC: Final = 0x80
_NO_PULSE_RATE: Final = 255
_NO_SPO2: Final = 127


@dataclass(frozen=True, slots=True)
class BerryOctets:
    """A piece of the stream; packets do not begin where notifications do."""

    octets: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BerryPacket:
    """A hundredth of a second. `spo2` in %, `pulse_rate` in beats a minute, None for none."""

    pleth: int
    spo2: int | None
    pulse_rate: int | None
    signal_strength: int
    beep: bool = False
    is_unplugged: bool = False
    has_signal: bool = True
    is_searching: bool = False
    has_finger: bool = True
    bar_graph: int = 0


def decode_packet(octets: bytes) -> BerryPacket:
    """The packet of five octets, the first of which has bit 7 set."""
    head, pleth, flags, rate, spo2 = octets
    pulse_rate = rate | (flags & 0x40) << 1
    return BerryPacket(
        pleth=pleth,
        spo2=None if spo2 == _NO_SPO2 else spo2,
        pulse_rate=None if pulse_rate == _NO_PULSE_RATE else pulse_rate,
        signal_strength=head & 0x0F,
        beep=bool(head & 0x40),
        is_unplugged=bool(head & 0x20),
        has_signal=bool(head & 0x10),
        is_searching=bool(flags & 0x20),
        has_finger=not flags & 0x10,
        bar_graph=flags & 0x0F,
    )


def encode_packet(packet: BerryPacket) -> bytes:
    """The mirror of `decode_packet`; numbers beyond their bits are cut."""
    rate = _NO_PULSE_RATE if packet.pulse_rate is None else packet.pulse_rate
    spo2 = _NO_SPO2 if packet.spo2 is None else packet.spo2
    head = _SYNC | packet.beep << 6 | packet.is_unplugged << 5 | packet.has_signal << 4
    flags = (rate >> 7 & 1) << 6 | packet.is_searching << 5 | (not packet.has_finger) << 4
    return bytes(
        (
            head | packet.signal_strength & 0x0F,
            packet.pleth & 0x7F,
            flags | packet.bar_graph & 0x0F,
            rate & 0x7F,
            spo2 & 0x7F,
        )
    )


class BerryStream:
    """Finds packets in the stream; what belongs to none is skipped and counted."""

    def __init__(self) -> None:
        self._octets = bytearray()

    @property
    def held(self) -> int:
        """How many octets wait for the rest of their packet."""
        return len(self._octets)

    def receive_data(self, octets: bytes) -> tuple[list[BerryPacket], int]:
        """The packets that are whole now, and how many octets belonged to none."""
        packets: list[BerryPacket] = []
        skipped = 0
        for octet in octets:
            if octet & _SYNC:
                skipped += len(self._octets)
                self._octets[:] = bytes((octet,))
            elif self._octets:
                self._octets.append(octet)
            else:
                skipped += 1
            if len(self._octets) == PACKET_OCTETS:
                packets.append(decode_packet(bytes(self._octets)))
                self._octets.clear()
        return packets, skipped


class BerrySession(ProfileSession):
    """Collects a second of packets, then tells the waveform and the newest numbers."""

    def __init__(
        self,
        characteristics: Iterable[AnyCharacteristic],
        transcriber: Transcriber,
        *,
        leniency: Leniency = STRICT,
    ) -> None:
        super().__init__(characteristics, transcriber, leniency=leniency)
        self._stream = BerryStream()
        self._second: list[BerryPacket] = []

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """Every whole second of the stream."""
        if not isinstance(record, BerryOctets):
            super().transcribe(characteristic, record, draft)
            return
        packets, skipped = self._stream.receive_data(record.octets)
        if skipped:
            draft.warn("octets of the oximeter's stream belonged to no packet")
        for packet in packets:
            self._second.append(packet)
            if len(self._second) == PACKETS_A_SECOND:
                _add_second(self._second, draft)
                self._second.clear()


def _add_second(packets: list[BerryPacket], draft: Draft) -> None:
    last = packets[-1]
    draft.status = _status(last)
    draft.samples(
        PLETH, [packet.pleth for packet in packets], units.DIMENSIONLESS, period_us=_PERIOD_US
    )
    draft.number(terms.SPO2, whole_number(last.spo2), terms.PERCENT)
    draft.number(terms.PULSE_RATE_OXIMETER, whole_number(last.pulse_rate), terms.BEATS_PER_MINUTE)


def _status(packet: BerryPacket) -> MeasurementStatus:
    if packet.is_unplugged or not packet.has_finger:
        return MeasurementStatus.NOT_AVAILABLE
    return MeasurementStatus.QUESTIONABLE if packet.is_searching else MeasurementStatus.VALID


def _read(reader: FieldReader) -> BerryOctets:
    return BerryOctets(reader.rest())


def _write(record: BerryOctets, writer: FieldWriter) -> None:
    writer.put(record.octets)


STREAM: Final = Characteristic(
    uuid=UUID("49535343-1E4D-4BD9-BA61-23C647249616"),
    name="BerryMed stream",
    properties=Property.NOTIFY,
    clause="BerryMed BCI protocol",
    read=_read,
    write=_write,
    decode_as=("berrymed",),
)

PROFILE: Final = GattProfile(
    name="berrymed_oximetry",
    service=UUID("49535343-FE7D-4AE5-8FA9-9FAFD205E455"),
    specification="BerryMed BCI protocol",
    version="public description, 2020",
    characteristics=(STREAM,),
    session=BerrySession,
)
