"""Viatom command protocol: Wellue and Viatom rings and finger oximeters (O2Ring, Checkme O2).

A client writes a command and the device notifies the answer, in pieces:

    AA  command  command inverted  block (2)  length (2)  payload  CRC-8     written
    55  code     code inverted     block (2)  length (2)  payload  CRC-8     notified

Numbers are little-endian; the CRC has the polynomial 0x07 and begins at zero. Command 0x17 asks
for the present values; its answer has 13 octets: SpO2, pulse rate, a status (0xFF: no sensor), four
unknown, battery in per cent, one unknown, motion, three unknown. As several public clients read it
(unconfirmed by the maker). A driver writes `READ_SENSORS` every two seconds or so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
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
from protocols.model.observation import MeasurementStatus

_ANSWER: Final = 0x55
_COMMAND: Final = 0xAA
_HEAD: Final = 7
_FRAME: Final = _HEAD + 1
MAX_PAYLOAD: Final = 512
"""Longer answers are files of a night's record, which this driver does not fetch."""
_SENSOR_OCTETS: Final = 13
_NO_SENSOR: Final = 0xFF
_HIGHEST_SPO2: Final = 100
_READ_SENSORS: Final = 0x17


@dataclass(frozen=True, slots=True)
class ViatomOctets:
    """A piece of an answer, or a whole command; answers do not end where notifications do."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class ViatomFrame:
    """One command or answer: its code, the block of a longer transfer, and what it carries."""

    code: int
    block: int
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ViatomReading:
    """The present values: `spo2` and `battery` in %, `pulse_rate` in beats a minute.

    None where the device has no value; `is_worn` False while no finger is in it.
    """

    spo2: int | None
    pulse_rate: int | None
    battery: int
    motion: int
    is_worn: bool


def crc8(octets: bytes | bytearray) -> int:
    """CRC-8 with polynomial 0x07 from zero, most significant bit first."""
    register = 0
    for octet in octets:
        register ^= octet
        for _ in range(8):
            register = (register << 1 ^ (0x07 if register & 0x80 else 0)) & 0xFF
    return register


def encode_command(command: int, payload: bytes = b"") -> bytes:
    """The octets to write for a command."""
    return _framed(_COMMAND, command, payload)


def encode_answer(code: int, payload: bytes) -> bytes:
    """The octets a device answers with."""
    return _framed(_ANSWER, code, payload)


def _framed(start: int, code: int, payload: bytes) -> bytes:
    head = bytes((start, code, code ^ 0xFF, 0, 0)) + len(payload).to_bytes(2, "little")
    return head + payload + bytes((crc8(head + payload),))


READ_SENSORS: Final = encode_command(_READ_SENSORS)
"""What to write to `COMMAND` for the present values."""


def decode_reading(payload: bytes) -> ViatomReading | None:
    """The values of an answer's payload; None for one of another length."""
    if len(payload) != _SENSOR_OCTETS:
        return None
    spo2, pulse_rate, status = payload[:3]
    is_worn = status != _NO_SENSOR and bool(spo2 or pulse_rate)
    return ViatomReading(
        spo2=spo2 if is_worn and 0 < spo2 <= _HIGHEST_SPO2 else None,
        pulse_rate=pulse_rate if is_worn and 0 < pulse_rate < 0xFF else None,
        battery=payload[7],
        motion=payload[9],
        is_worn=is_worn,
    )


class ViatomStream:
    """Finds answers in the notifications; octets that belong to none are skipped and counted.

    Without `is_answer` it finds commands in what is written. `misfits` counts frames that were
    skipped because their checksum does not fit.
    """

    def __init__(self, *, is_answer: bool = True) -> None:
        self.misfits = 0
        self._start = _ANSWER if is_answer else _COMMAND
        self._octets = bytearray()

    @property
    def held(self) -> int:
        """How many octets wait for the rest of their answer."""
        return len(self._octets)

    def receive_data(self, octets: bytes) -> tuple[list[bytes], int]:
        """The payloads of the answers that are whole now, and how many octets were skipped."""
        frames, skipped = self.receive_frames(octets)
        return [frame.payload for frame in frames], skipped

    def receive_frames(self, octets: bytes) -> tuple[list[ViatomFrame], int]:
        """The frames that are whole now, and how many octets were skipped."""
        self._octets += octets
        frames: list[ViatomFrame] = []
        skipped = 0
        while self._octets:
            length = self._frame_length()
            if length is None:
                break
            if length:
                frames.append(_decode_frame(bytes(self._octets[:length])))
                del self._octets[:length]
            else:
                skipped += 1
                del self._octets[0]
        return frames, skipped

    def _frame_length(self) -> int | None:
        """How long the frame at the front is; 0 for none, None while that cannot be said."""
        octets = self._octets
        if octets[0] != self._start:
            return 0
        if len(octets) < _HEAD:
            return None
        payload = int.from_bytes(octets[5:7], "little")
        if octets[1] ^ octets[2] != 0xFF or payload > MAX_PAYLOAD:
            return 0
        length = payload + _FRAME
        if len(octets) < length:
            return None
        if crc8(octets[: length - 1]) != octets[length - 1]:
            self.misfits += 1
            return 0
        return length


def _decode_frame(octets: bytes) -> ViatomFrame:
    return ViatomFrame(octets[1], int.from_bytes(octets[3:5], "little"), octets[_HEAD:-1])


class ViatomSession(ProfileSession):
    """Puts answers together over one connection."""

    def __init__(
        self,
        characteristics: Iterable[AnyCharacteristic],
        transcriber: Transcriber,
        *,
        leniency: Leniency = STRICT,
    ) -> None:
        super().__init__(characteristics, transcriber, leniency=leniency)
        self._stream = ViatomStream()

    def transcribe(self, characteristic: AnyCharacteristic, record: object, draft: Draft) -> None:
        """The readings whose last octet this is; commands of our own say nothing."""
        if not isinstance(record, ViatomOctets) or characteristic.uuid != ANSWER.uuid:
            super().transcribe(characteristic, record, draft)
            return
        payloads, skipped = self._stream.receive_data(record.octets)
        if skipped:
            draft.warn("octets of the oximeter belonged to no answer")
        for payload in payloads:
            reading = decode_reading(payload)
            if reading is not None:
                _add(reading, draft)


def _add(reading: ViatomReading, draft: Draft) -> None:
    if not reading.is_worn:
        draft.status = MeasurementStatus.NOT_AVAILABLE
    draft.number(terms.SPO2, whole_number(reading.spo2), terms.PERCENT)
    draft.number(
        terms.PULSE_RATE_OXIMETER, whole_number(reading.pulse_rate), terms.BEATS_PER_MINUTE
    )
    draft.status = MeasurementStatus.VALID
    if reading.battery <= _HIGHEST_SPO2:
        draft.number(terms.BATTERY_CHARGE, Decimal(reading.battery), terms.PERCENT)


def _read(reader: FieldReader) -> ViatomOctets:
    return ViatomOctets(reader.rest())


def _write(record: ViatomOctets, writer: FieldWriter) -> None:
    writer.put(record.octets)


ANSWER: Final = Characteristic(
    uuid=UUID("0734594A-A8E7-4B1A-A6B1-CD5243059A57"),
    name="Viatom answer",
    properties=Property.NOTIFY,
    clause="Viatom command protocol, answer",
    read=_read,
    write=_write,
    decode_as=("viatom",),
)
COMMAND: Final = Characteristic(
    uuid=UUID("8B00ACE7-EB0B-49B0-BBE9-9AEE0A26E1A3"),
    name="Viatom command",
    properties=Property.WRITE | Property.WRITE_WITHOUT_RESPONSE,
    clause="Viatom command protocol, command",
    read=_read,
    write=_write,
    decode_as=("viatom_command",),
)

PROFILE: Final = GattProfile(
    name="viatom_oximetry",
    service=UUID("14839AC4-7D7E-415C-9A42-167340CF2339"),
    specification="Viatom command protocol",
    version="public clients, 2020",
    characteristics=(ANSWER, COMMAND),
    session=ViatomSession,
)
