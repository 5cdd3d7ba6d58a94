"""What stands around and beside 20601 messages on a line: frames, NFC records, other monitors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edge.decoding.dissecting import plain
from edge.decoding.messages import ExchangeReader
from edge.decoding.node import Node
from protocols.errors import DecodeError
from protocols.framing.hdlc import BOF, Frame, FrameForm, FrameReader
from protocols.framing.phdc_nfc import decode_record
from protocols.monitors.intellivue import RS232_FORM
from protocols.monitors.intellivue_association import SessionKind, decode_information
from protocols.monitors.intellivue_pdus import decode_data

ItemFields = Callable[[bytes], tuple[Node, tuple[str, ...]]]
"""Reads one item after the other of one exchange: fields and warnings."""


def nfc_records() -> ItemFields:
    """NDEF records of type PHD: the sequence number, and the APDU in each."""
    apdus = ExchangeReader()

    def read(octets: bytes) -> tuple[Node, tuple[str, ...]]:
        record = decode_record(octets)
        start = len(octets) - len(record.apdu)
        apdu, warnings = _content(record.apdu, apdus)
        fields = {"sequence": Node(record.sequence, start - 1, start), "apdu": apdu.moved(start)}
        return Node(fields), warnings

    return read


def frames() -> ItemFields:
    """HDLC-like frames with FCS-16; their contents as APDUs where they are some.

    Contents have no ranges: stuffing moves their octets.
    """
    apdus = ExchangeReader()

    def read(octets: bytes) -> tuple[Node, tuple[str, ...]]:
        contents, warnings = _contents(octets, FrameForm())
        found = []
        for content in contents:
            node, odd = _content(content, apdus)
            found.append(node.moved(None))
            warnings += odd
        return Node({"frames": Node(list(found))}), warnings

    return read


def read_intellivue(octets: bytes) -> tuple[Node, tuple[str, ...]]:
    """One message of the data export protocol, alone or in its frame; DecodeError for another."""
    warnings: tuple[str, ...] = ()
    if octets[:1] == bytes([BOF]):
        contents, warnings = _contents(octets, RS232_FORM)
        octets = contents[0]
    if not octets:
        raise DecodeError("no octets", clause="IntelliVue data export")
    if octets[0] == SessionKind.DATA:
        return _fields(decode_data(octets)), warnings
    if octets[0] not in {kind.value for kind in SessionKind}:
        raise DecodeError(
            f"no message begins with 0x{octets[0]:02X}", clause="IntelliVue data export"
        )
    kind = SessionKind(octets[0])
    head = {"session": Node(kind.name, 0, 1)}
    if kind in (SessionKind.CONNECT, SessionKind.ACCEPT):
        return Node(head | {"user_information": plain(decode_information(octets))}), warnings
    return Node(head), warnings


def _content(octets: bytes, apdus: ExchangeReader) -> tuple[Node, tuple[str, ...]]:
    """An APDU's tree and warnings; the octets where they are none."""
    try:
        kind, node = apdus.read(octets)
    except DecodeError:
        return Node(octets.hex(), 0, len(octets)), ()
    return replace(node, start=0, end=len(octets), note=kind), tuple(apdus.warnings)


def _contents(octets: bytes, form: FrameForm) -> tuple[list[bytes], tuple[str, ...]]:
    reader = FrameReader(form)
    frames = [f.content for f in reader.receive(octets, now=0.0) if isinstance(f, Frame)]
    faults = tuple(f"{fault.value}: {count}" for fault, count in reader.faults.items() if count)
    if not frames:
        raise DecodeError("; ".join(faults) or "no whole frame", clause="RFC 1662, C.2")
    return frames, faults


def _fields(message: object) -> Node:
    node = plain(message)
    kind = {"message": Node(type(message).__name__)}
    return Node(kind | node.content) if isinstance(node.content, dict) else node
