"""PHDC over NFC (NFC Forum PHDC 1.0): an APDU in an NDEF record, and the exchange of records.

A message is one short NDEF record of the well-known type "PHD". Its payload begins with a control
octet, 0x80 and a sequence number of four bits, and goes on with the APDU, if there is one. The
reader and the device write in turn, and each message carries the number after the other's. An empty
NDEF record (D0 00 00) says that a message was taken out of the tag's memory.

`PhdcExchange` is the reader's side: records in, APDUs out, and what to write next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from protocols.errors import DecodeError, EncodeError, LocalProtocolError

RECORD_TYPE: Final = b"PHD"
EMPTY_RECORD: Final = bytes.fromhex("D00000")
"""The acknowledgement: a record without type and payload."""
MAX_APDU_OCTETS: Final = 0xFF - 1
"""A short record's payload has one octet for its length, and one is the control octet."""
SEQUENCE_MASK: Final = 0x0F
_CLAUSE: Final = "NFC Forum PHDC 1.0"
_CONTROL: Final = 0x80
_BEGIN_END: Final = 0xC0  # one record is the whole message
_CHUNKED: Final = 0x20
_SHORT: Final = 0x10
_WITH_ID: Final = 0x08
_WELL_KNOWN: Final = 0x01
_FORMAT: Final = 0x07


@dataclass(frozen=True, slots=True)
class PhdRecord:
    """One message: its sequence number (0 to 15) and its APDU, empty for none."""

    sequence: int
    apdu: bytes


def encode_record(record: PhdRecord) -> bytes:
    """The NDEF message; EncodeError for an APDU longer than a short record holds."""
    if len(record.apdu) > MAX_APDU_OCTETS:
        raise EncodeError(f"{len(record.apdu)} octets do not fit a short record")
    if not 0 <= record.sequence <= SEQUENCE_MASK:
        raise EncodeError(f"{record.sequence} is no sequence number of four bits")
    head = bytes([_BEGIN_END | _SHORT | _WELL_KNOWN, len(RECORD_TYPE), len(record.apdu) + 1])
    return head + RECORD_TYPE + bytes([_CONTROL | record.sequence]) + record.apdu


def decode_record(octets: bytes) -> PhdRecord:
    """A PHD record; DecodeError for another record, lengths that do not fit, or a wrong control."""
    if len(octets) < 3:
        raise DecodeError("a record is cut off", clause=_CLAUSE, offset=len(octets))
    flags, type_octets, payload_octets = octets[0], octets[1], octets[2]
    if flags & (_BEGIN_END | _CHUNKED | _SHORT) != _BEGIN_END | _SHORT:
        raise DecodeError("not one short record", clause=_CLAUSE, offset=0)
    at = 3
    id_octets = 0
    if flags & _WITH_ID:
        if len(octets) == at:
            raise DecodeError("a record is cut off", clause=_CLAUSE, offset=at)
        id_octets, at = octets[at], at + 1
    if len(octets) != at + type_octets + id_octets + payload_octets:
        raise DecodeError("a record's lengths do not fit", clause=_CLAUSE, offset=1)
    if flags & _FORMAT != _WELL_KNOWN or octets[at : at + type_octets] != RECORD_TYPE:
        raise DecodeError("a record of another type", clause=_CLAUSE, offset=at)
    payload = octets[at + type_octets + id_octets :]
    if not payload or payload[0] & ~SEQUENCE_MASK != _CONTROL:
        raise DecodeError("no control octet", clause=_CLAUSE, offset=len(octets) - len(payload))
    return PhdRecord(payload[0] & SEQUENCE_MASK, payload[1:])


class PhdcExchange:
    """The reader's side of one contact with a tag; holds no more than one record.

    The device speaks first, with sequence 0. Every record that is taken must be acknowledged: what
    `receive` gives and `to_write` then says. A record out of sequence or badly built is not taken;
    the device offers it again, and `faults` counts.
    """

    def __init__(self) -> None:
        self._sequence = 0
        self._ours = False  # whose turn it is
        self._writes: list[bytes] = []
        self.faults = 0

    @property
    def may_send(self) -> bool:
        """Whether the turn is ours."""
        return self._ours

    def receive(self, octets: bytes) -> bytes | None:
        """Take what was read from the tag; its APDU, or None for nothing new."""
        if octets == EMPTY_RECORD:
            return None  # our own message was taken, the answer is not there yet
        try:
            record = decode_record(octets)
        except DecodeError:
            self.faults += 1
            return None
        if self._ours or record.sequence != self._sequence:
            self.faults += 1
            return None
        self._sequence = (record.sequence + 1) & SEQUENCE_MASK
        self._ours = True
        self._writes.append(EMPTY_RECORD)
        return record.apdu or None

    def send(self, apdu: bytes) -> None:
        """Answer; LocalProtocolError out of turn, EncodeError when it does not fit."""
        if not self._ours:
            raise LocalProtocolError("it is the device's turn")
        self._writes.append(encode_record(PhdRecord(self._sequence, apdu)))
        self._sequence = (self._sequence + 1) & SEQUENCE_MASK
        self._ours = False

    def to_write(self) -> list[bytes]:
        """Take the records to be written to the tag now, in order."""
        writes, self._writes = self._writes, []
        return writes

    def clear(self) -> None:
        """The tag left the field: the next contact begins anew."""
        self._sequence = 0
        self._ours = False
        self._writes.clear()
