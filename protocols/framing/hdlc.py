"""HDLC-like frames as IrLAP and serial monitors use them: BOF, octets, FCS-16, EOF.

On the line a frame is 0xC0, the content and its frame check sequence with every 0xC0, 0xC1 and
0x7D inside written as 0x7D and the octet XOR 0x20, then 0xC1 (IrLAP's async framing, IrLAP 1.1
section 10.1; RFC 1662 section 4 for stuffing and checksum). 0x7D 0xC1 aborts a frame.

A form may put a header before the content: known octets, then the content's length in two octets,
most significant first. IntelliVue's data export has 0x11 0x01 there.

What is not a whole, good frame is dropped without an answer and counted. The reader keeps no more
than the longest content allowed; of a longer frame it keeps the head and the running checksum.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from protocols.errors import EncodeError
from protocols.framing.crc import CHECKSUM_OCTETS, GOOD_FCS16, checksum_octets, fcs16

BOF: Final = 0xC0
EOF: Final = 0xC1
ESC: Final = 0x7D
FLIP: Final = 0x20
HEAD_OCTETS: Final = 16
"""How much of the content of a frame longer than allowed is kept."""
LENGTH_OCTETS: Final = 2
MAX_LENGTH: Final = 0xFFFF

_TOKEN: Final = re.compile(rb"[^\x7d\xc0\xc1]+|[\x7d\xc0\xc1]")
_SPECIAL: Final = re.compile(rb"[\x7d\xc0\xc1]")


class FrameFault(Enum):
    """Why octets were dropped."""

    NOISE = "octets outside a frame"
    RESTARTED = "a frame began inside another"
    CHECKSUM = "the frame check sequence is wrong"
    HEADER = "the header or its length is wrong"
    ABORTED = "the sender aborted the frame"
    OVERDUE = "the frame's end did not come in time"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameForm:
    """What a line's frames look like and how long one may be, in octets and seconds.

    `header`: known octets before the content's length; empty for content alone.
    `max_octets`: the longest content. `silence_seconds`: the longest pause inside a frame;
    `whole_seconds`: the longest time from its first octet to its last.
    """

    header: bytes = b""
    max_octets: int = MAX_LENGTH
    silence_seconds: float = 2.0
    whole_seconds: float = 10.0

    @property
    def header_octets(self) -> int:
        """Octets before the content."""
        return len(self.header) + LENGTH_OCTETS if self.header else 0


@dataclass(frozen=True, slots=True)
class Frame:
    """The content of one good frame, header and checksum taken off."""

    content: bytes


@dataclass(frozen=True, slots=True)
class LongFrame:
    """A good frame whose content is longer than allowed: how long, and its first octets."""

    total_octets: int
    head: bytes


def write_frame(content: bytes, form: FrameForm) -> bytes:
    """One frame as it goes on the line; EncodeError where the header cannot hold its length."""
    if form.header:
        if len(content) > MAX_LENGTH:
            raise EncodeError(f"{len(content)} octets do not fit a frame's length field")
        content = form.header + len(content).to_bytes(LENGTH_OCTETS, "big") + content
    stuffed = _SPECIAL.sub(_stuff, content + checksum_octets(fcs16(content)))
    return bytes([BOF]) + stuffed + bytes([EOF])


def _stuff(match: re.Match[bytes]) -> bytes:
    return bytes([ESC, match[0][0] ^ FLIP])


class FrameReader:
    """Octets in, in any portions; good frames out, in order."""

    def __init__(self, form: FrameForm) -> None:
        self._form = form
        self._kept = bytearray()  # header, content and checksum of the open frame, unstuffed
        self._most = form.header_octets + form.max_octets + CHECKSUM_OCTETS
        self._inside = False
        self._escaped = False
        self._total = 0  # unstuffed octets of the open frame; more than are kept when it is long
        self._long_sum = 0
        self._wire_octets = 0
        self._started_at = 0.0
        self._last_octet_at = 0.0
        self._discarded = 0
        self._faults: Counter[FrameFault] = Counter()

    @property
    def faults(self) -> Mapping[FrameFault, int]:
        """How often each fault was seen since the beginning; NOISE counts octets."""
        return MappingProxyType(self._faults)

    @property
    def held(self) -> int:
        """Octets of the line that belong to an open frame."""
        return self._wire_octets if self._inside else 0

    def receive(self, data: bytes, *, now: float) -> list[Frame | LongFrame]:
        """Take octets; give the frames that became whole (`now`: monotonic seconds)."""
        self.handle_deadline(now=now)
        found: list[Frame | LongFrame] = []
        if data:
            self._last_octet_at = now
        for token in _TOKEN.finditer(data):
            octets = token[0]
            if octets[0] == BOF:
                self._begin(now)
            elif not self._inside:
                self._drop(FrameFault.NOISE, len(octets))
            elif octets[0] == EOF:
                found += self._end()
            else:
                self._add(octets)
        return found

    def next_deadline(self) -> float | None:
        """When an unfinished frame is given up, monotonic seconds; None when none is open."""
        if not self._inside:
            return None
        silence = self._last_octet_at + self._form.silence_seconds
        return min(silence, self._started_at + self._form.whole_seconds)

    def handle_deadline(self, *, now: float) -> None:
        """Give up a frame whose end did not come in time."""
        deadline = self.next_deadline()
        if deadline is not None and now >= deadline:
            self._give_up(FrameFault.OVERDUE)

    def take_discarded(self) -> int:
        """How many octets of the line were dropped since the last call."""
        count, self._discarded = self._discarded, 0
        return count

    def clear(self) -> None:
        """Forget an open frame: a new connection begins."""
        if self._inside:
            self._discarded += self._wire_octets
        self._close()

    def _begin(self, now: float) -> None:
        # Several BOFs in a row are one beginning: IrLAP sends extra ones before a frame.
        if self._total or self._escaped:
            self._give_up(FrameFault.RESTARTED)
        self._close()
        self._inside = True
        self._wire_octets = 1
        self._started_at = now

    def _add(self, octets: bytes) -> None:
        self._wire_octets += len(octets)
        if self._escaped:
            octets = bytes([octets[0] ^ FLIP]) + octets[1:]
            self._escaped = False
        elif octets[0] == ESC:
            self._escaped = True
            return
        was_long = self._is_long
        self._total += len(octets)
        if not self._is_long:
            self._kept += octets
            return
        self._long_sum = fcs16(octets, after=self._long_sum if was_long else fcs16(self._kept))
        if not was_long:
            self._kept += octets
            del self._kept[self._form.header_octets + HEAD_OCTETS :]

    @property
    def _is_long(self) -> bool:
        return self._total > self._most

    def _end(self) -> list[Frame | LongFrame]:
        self._wire_octets += 1
        if self._escaped:
            self._give_up(FrameFault.ABORTED)
            return []
        if not self._total:
            self._close()
            return []
        is_long = self._is_long
        checksum = self._long_sum if is_long else fcs16(self._kept)
        content_octets = self._total - self._form.header_octets - CHECKSUM_OCTETS
        if checksum != GOOD_FCS16 or self._total <= CHECKSUM_OCTETS:
            self._give_up(FrameFault.CHECKSUM)
            return []
        if not self._header_fits(content_octets):
            self._give_up(FrameFault.HEADER)
            return []
        start = self._form.header_octets
        kept = bytes(self._kept[start:])
        self._close()
        if is_long:
            return [LongFrame(content_octets, kept)]
        return [Frame(kept[:content_octets])]

    def _header_fits(self, content_octets: int) -> bool:
        header = self._form.header
        if not header:
            return True
        announced = self._kept[len(header) : self._form.header_octets]
        return self._kept.startswith(header) and int.from_bytes(announced, "big") == content_octets

    def _give_up(self, fault: FrameFault) -> None:
        self._faults[fault] += 1
        self._discarded += self._wire_octets
        self._close()

    def _drop(self, fault: FrameFault, octets: int) -> None:
        self._faults[fault] += octets
        self._discarded += octets

    def _close(self) -> None:
        self._inside = False
        self._escaped = False
        self._kept.clear()
        self._total = self._long_sum = self._wire_octets = 0
