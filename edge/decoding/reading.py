"""Find the messages in what a person gives us: hexadecimal lines, raw octets or a capture file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from edge.errors import SettingsError
from protocols.captures import AGENT_TO_MANAGER, Capture, CapturedMessage, parse_captures
from protocols.captures.pcap import PCAP_MAGIC, parse_pcap
from protocols.errors import DecodeError
from protocols.ieee20601.framing import StreamReader, WholeApdu

_HEX_LINE: Final = re.compile(r"(?:(A>M|M>A)[:\s]+)?(.+)")
_SEPARATORS: Final = re.compile(r"\b0[xX]|\\x|[\s:,-]")  # 0x16, 0x26 and \x16\x26 as in sources
_DIGIT_PAIRS: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_FIRST_OCTETS: Final = range(0xE2, 0xE8)
_HEAD: Final = 4
_OTHER_PCAPS: Final = (
    b"\xa1\xb2\xc3\xd4",  # big-endian
    b"\x4d\x3c\xb2\xa1",  # nanoseconds
    b"\xa1\xb2\x3c\x4d",
    b"\x0a\x0d\x0d\x0a",  # pcapng
)
FORMS: Final = "Give hexadecimal lines, raw octets, or a capture file"


@dataclass(frozen=True, slots=True)
class Piece:
    """The octets of one message, where they stood, and of which exchange they are part.

    `fault` says why there are none: a line that is no octets.
    """

    octets: bytes
    where: str
    session: str = ""
    direction: str = ""
    warnings: tuple[str, ...] = ()
    fault: str = ""


def read_pieces(data: bytes, *, is_stream: bool = True) -> Iterator[Piece]:
    """Every item in `data`, in order; SettingsError when it is in no form we know.

    `is_stream`: items are 20601 messages, several of which may stand back to back; else a line,
    a captured message or the whole of raw octets is one item.
    """
    if not data.strip():
        raise SettingsError("the input is empty", mend=FORMS)
    if data.startswith((PCAP_MAGIC, *_OTHER_PCAPS)):
        yield from _from_captures(_pcap(data), is_stream=is_stream)
        return
    text = _as_text(data)
    if text is None:
        yield from _from_octets(data) if is_stream else (Piece(data, "the input"),)
    elif text.lstrip().startswith("{"):
        yield from _from_captures(_captures(text), is_stream=is_stream)
    else:
        yield from _from_hex_lines(text, is_stream=is_stream)


def read_captures(data: bytes, *, is_stream: bool) -> tuple[Capture, ...]:
    """The captures in `data`; other forms are one capture of messages without times."""
    if data.startswith((PCAP_MAGIC, *_OTHER_PCAPS)):
        return tuple(_pcap(data))
    text = _as_text(data)
    if text is not None and text.lstrip().startswith("{"):
        return tuple(_captures(text))
    pieces = tuple(read_pieces(data, is_stream=is_stream))
    for piece in pieces:
        if piece.fault:
            raise SettingsError(f"{piece.where} {piece.fault}", mend=FORMS)
    messages = tuple(
        CapturedMessage(piece.direction or AGENT_TO_MANAGER, None, piece.octets) for piece in pieces
    )
    return (Capture("octets", messages),)


def _as_text(data: bytes) -> str | None:
    """The text of a text file; None for raw octets, which begin like an APDU or hold controls."""
    if data[0] in _FIRST_OCTETS or re.search(rb"[\x00-\x08\x0e-\x1f]", data):
        return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _captures(text: str) -> Iterable[Capture]:
    try:
        return parse_captures(text).values()
    except DecodeError as exc:
        raise SettingsError(f"the input is no capture file: {exc}", mend=FORMS) from exc


def _pcap(data: bytes) -> Iterable[Capture]:
    try:
        return (parse_pcap(data, "pcap"),)
    except DecodeError as exc:
        raise SettingsError(
            f"the input is no PCAP file of ours: {exc}", mend="Save it as classic PCAP"
        ) from exc


def _from_captures(captures: Iterable[Capture], *, is_stream: bool) -> Iterator[Piece]:
    for capture in captures:
        pieces = (
            Piece(
                message.octets, f"message {number} of {capture.id}", capture.id, message.direction
            )
            for number, message in enumerate(capture.messages, start=1)
        )
        yield from _reunited(pieces) if is_stream else pieces


def _reunited(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Whole messages, in the order of their last octets: a capture holds reads as they came."""
    begun: dict[str, Piece] = {}
    for piece in pieces:
        earlier = begun.pop(piece.direction, None)
        whole = piece
        if earlier is not None and _begins(piece.octets) and not _is_cut_short(piece.octets):
            yield earlier  # another message begins: the rest of that one never came
        elif earlier is not None:
            whole = replace(earlier, octets=earlier.octets + piece.octets)
        for position, message in enumerate(_cut(whole)):
            placed = replace(message, where=piece.where) if position else message
            if _begins(placed.octets) and _is_cut_short(placed.octets):
                begun[piece.direction] = placed
            else:
                yield placed
    yield from begun.values()


def _begins(octets: bytes) -> bool:
    return octets[0] in _FIRST_OCTETS and octets[1:2] in (b"", b"\0")


def _is_cut_short(octets: bytes) -> bool:
    return len(octets) < _HEAD or len(octets) < _announced(octets)


def _announced(octets: bytes) -> int:
    return _HEAD + int.from_bytes(octets[2:_HEAD], "big")


def _from_hex_lines(text: str, *, is_stream: bool) -> Iterator[Piece]:
    found = False
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        found = True
        match = _HEX_LINE.fullmatch(content)
        digits = _SEPARATORS.sub("", match[2]) if match else ""
        if match is None or not _DIGIT_PAIRS.fullmatch(digits):
            fault = "is not pairs of hexadecimal digits"
            yield Piece(b"", f"line {number}", fault=fault)
            continue
        piece = Piece(bytes.fromhex(digits), f"line {number}", "", match[1] or "")
        yield from _cut(piece) if is_stream else (piece,)
    if not found:
        raise SettingsError("the input holds nothing but comments", mend=FORMS)


def _from_octets(data: bytes) -> Iterator[Piece]:
    reader = StreamReader()
    pieces = [item for item in reader.receive(data, now=0.0) if isinstance(item, WholeApdu)]
    left = reader.next_deadline() is not None
    if not pieces:
        raise SettingsError(f"no message was found in {len(data)} octets", mend=FORMS)
    dropped = reader.take_discarded()
    for number, piece in enumerate(pieces, start=1):
        warnings = []
        if number == 1 and dropped:
            warnings.append(f"{dropped} octets of the input belong to no message")
        if number == len(pieces) and left:
            warnings.append("the input ends within a message")
        yield Piece(piece.octets, f"message {number}", warnings=tuple(warnings))


def _cut(piece: Piece) -> Iterator[Piece]:
    """One line or captured read may hold several messages back to back."""
    start, octets = 0, piece.octets
    while start < len(octets):
        length = _announced(octets[start : start + _HEAD])
        yield replace(piece, octets=octets[start : start + length])
        start += length
