"""What stands around and beside 20601 messages on a line: frames, NFC records, other monitors."""

from __future__ import annotations

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


def read_nfc(octets: bytes, apdus: ExchangeReader) -> Node:
    """An NDEF record of type PHD: its sequence number, and the APDU in it."""
    record = decode_record(octets)
    start = len(octets) - len(record.apdu)
    apdu = content_node(record.apdu, start, apdus)
    return Node({"sequence": Node(record.sequence, start - 1, start), "apdu": apdu})


def read_frames(octets: bytes, apdus: ExchangeReader) -> tuple[Node, tuple[str, ...]]:
    """HDLC-like frames with FCS-16; their contents as APDUs where they are some.

    Contents have no ranges: stuffing moves their octets.
    """
    contents, warnings = _contents(octets, FrameForm())
    frames = [unplaced(content_node(content, 0, apdus)) for content in contents]
    return Node({"frames": Node(frames)}), warnings


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


def content_node(octets: bytes, start: int, apdus: ExchangeReader) -> Node:
    """An APDU's tree as it stands from `start` on; the octets where they are none."""
    end = start + len(octets)
    try:
        kind, node = apdus.read(octets)
    except DecodeError:
        return Node(octets.hex(), start, end)
    return replace(shifted(node, start), start=start, end=end, note=kind)


def shifted(node: Node, by: int) -> Node:
    """The same tree, its octets so much further behind."""
    content = node.content
    if isinstance(content, dict):
        content = {name: shifted(child, by) for name, child in content.items()}
    elif isinstance(content, list):
        content = [shifted(child, by) for child in content]
    if node.start is None or node.end is None:
        return replace(node, content=content)
    return replace(node, content=content, start=node.start + by, end=node.end + by)


def unplaced(node: Node) -> Node:
    """The same tree without octets."""
    content = node.content
    if isinstance(content, dict):
        content = {name: unplaced(child) for name, child in content.items()}
    elif isinstance(content, list):
        content = [unplaced(child) for child in content]
    return replace(node, content=content, start=None, end=None)


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
