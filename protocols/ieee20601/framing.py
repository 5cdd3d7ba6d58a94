"""Cut a byte stream (TCP, serial line) into whole APDUs, and find the next one after noise.

An APDU says its own length: octets 2-3, plus the four octets of the header (20601 Annex A,
APDU-type). A raw stream has no other mark, so a start counts only where the choice is known,
the length is allowed and the lengths inside agree. Where they do not, one octet is dropped and
the search goes on; every dropped octet is counted.

Right after a good APDU ("in step") only the outer lengths must agree, so that a badly
structured APDU still reaches the state machine and gets its answer. While searching, and for a
start seen inside another APDU, all lengths must agree: nothing measured looks like that by
chance, so a header whose tail was lost gives way to the good APDU behind it.

An APDU longer than allowed is told at once and then waited for like any other: it gives way to
a good one inside, it is given up when its time is over, and what it hid is found again.

There is no checksum: on a noisy line a changed value inside a well-formed APDU cannot be seen.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import Enum
from typing import Final

HEADER_OCTETS: Final = 4
MAX_FROM_AGENT: Final = 64_512
"""Whole APDU, agent to manager (20601 8.3, APDU size)."""
MAX_FROM_MANAGER: Final = 8_192
"""Whole APDU, manager to agent."""

_AARQ, _AARE, _RLRQ, _RLRE, _ABRT, _PRST = 0xE200, 0xE300, 0xE400, 0xE500, 0xE600, 0xE700
_START: Final = re.compile(rb"[\xe2-\xe7]\x00")
_DATA_CHOICES: Final = frozenset(range(0x0100, 0x0108)) | {
    0x0201, 0x0203, 0x0205, 0x0207, 0x0300, 0x0400,
}  # fmt: skip
_NEEDED: Final = {_AARQ: 12, _AARE: 10, _RLRQ: 6, _RLRE: 6, _ABRT: 6, _PRST: 12}
"""Octets a start needs before all its inner lengths can be judged."""
_PRST_HEAD: Final = struct.Struct(">HHH")
"""Choice, octets that follow, octets of the OCTET STRING in them."""


class _Verdict(Enum):
    NO = "not an APDU"
    UNSURE = "too few octets to tell"
    YES = "a start"


@dataclass(frozen=True, slots=True)
class WholeApdu:
    """One APDU, header and all."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class OversizeApdu:
    """The start of an APDU longer than allowed; its octets are dropped when they are all there.

    `invoke_id` and `data_choice` where it is a Prst and they could be read.
    """

    total_octets: int
    invoke_id: int | None
    data_choice: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamLimits:
    """What a stream reader allows: octets of a whole APDU, and seconds.

    `inter_octet_seconds` is the longest silence inside an APDU; `whole_apdu_seconds` the
    longest time from its first octet to its last.
    """

    max_octets: int = MAX_FROM_AGENT
    inter_octet_seconds: float = 2.0
    whole_apdu_seconds: float = 10.0


class StreamReader:
    """Octets in, whole APDUs out; holds at most one unfinished APDU (65,539 octets)."""

    def __init__(self, limits: StreamLimits | None = None) -> None:
        self._limits = limits or StreamLimits()
        self._buffer = bytearray()
        self._in_step = True
        self._searched = 1  # where to look next for a start inside the unfinished APDU
        self._oversize_told = False  # the APDU at octet 0 is longer than allowed, and was told
        self._discarded = 0
        self._last_octet_at = 0.0
        self._started_at = 0.0

    @property
    def held(self) -> int:
        """Octets of the line that wait for the rest of their APDU."""
        return len(self._buffer)

    def frame(self, apdu: bytes) -> bytes:
        """One whole APDU as it is written: nothing is added."""
        return apdu

    def receive(self, data: bytes, *, now: float) -> list[WholeApdu | OversizeApdu]:
        """Take octets in any portion; give what became whole, in order (`now`: seconds)."""
        if not data:
            return []
        if not self._buffer:
            if self._in_step and self._is_one_report(data):
                return [WholeApdu(data)]
            self._started_at = now
        self._last_octet_at = now
        self._buffer += data
        found = self._cut(now)
        if self._overdue(now):
            found += self._drop_first_and_cut(now)
        return found

    def next_deadline(self) -> float | None:
        """When an unfinished APDU is given up, monotonic seconds; None when none is waited for."""
        if not self._buffer:
            return None
        silence = self._last_octet_at + self._limits.inter_octet_seconds
        return min(silence, self._started_at + self._limits.whole_apdu_seconds)

    def handle_deadline(self, *, now: float) -> list[WholeApdu | OversizeApdu]:
        """Give up a stale unfinished APDU octet by octet; give the good ones that it hid."""
        deadline = self.next_deadline()
        if deadline is None or now < deadline:
            return []
        if now < self._last_octet_at + self._limits.inter_octet_seconds:
            return self._drop_first_and_cut(now)
        found: list[WholeApdu | OversizeApdu] = []
        while self._buffer:  # no octet in it is younger than the longest silence allowed
            found += self._drop_first_and_cut(now)
        return found

    def take_discarded(self) -> int:
        """How many octets were dropped since the last call."""
        count, self._discarded = self._discarded, 0
        return count

    def clear(self) -> None:
        """Forget everything that waits: a new connection begins (stale-session rule)."""
        self._discarded += len(self._buffer)
        self._buffer.clear()
        self._oversize_told = False
        self._in_step = True
        self._searched = 1

    def _is_one_report(self, data: bytes) -> bool:
        """Whether all of it is one Prst that hides no other start, as it is nearly always."""
        total = len(data)
        return (
            _NEEDED[_PRST] <= total <= self._limits.max_octets
            and _PRST_HEAD.unpack_from(data) == (_PRST, total - 4, total - 6)
            and _START.search(data, 1) is None
        )

    def _overdue(self, now: float) -> bool:
        return bool(self._buffer) and now >= self._started_at + self._limits.whole_apdu_seconds

    def _drop_first_and_cut(self, now: float) -> list[WholeApdu | OversizeApdu]:
        self._drop(1, now)
        return self._cut(now)

    def _drop(self, count: int, now: float) -> None:
        del self._buffer[:count]
        self._discarded += count
        self._in_step = False
        self._restart(now)

    def _restart(self, now: float) -> None:
        self._searched = 1
        self._oversize_told = False
        self._started_at = now

    def _cut(self, now: float) -> list[WholeApdu | OversizeApdu]:
        found: list[WholeApdu | OversizeApdu] = []
        while self._buffer:
            verdict = _judge(self._buffer, 0, strict=not self._in_step)
            if verdict is _Verdict.NO:
                self._drop(_next_possible_start(self._buffer, 1), now)
                continue
            if verdict is _Verdict.UNSURE:
                break
            piece = self._take_first(now)
            if piece is None:
                break
            found += piece
        return found

    def _take_first(self, now: float) -> tuple[()] | tuple[WholeApdu | OversizeApdu] | None:
        """What the start at octet 0 gives: a piece, nothing yet (None), or nothing at all ()."""
        total = HEADER_OCTETS + _u16(self._buffer, 2)
        is_oversize = total > self._limits.max_octets
        if is_oversize and not self._oversize_told:
            return self._take_oversize(total, now)
        inside = self._find_start_inside(min(total + 1, len(self._buffer)))
        if inside is not None:
            self._drop(inside, now)
            return ()
        if len(self._buffer) < total:
            return None
        octets = bytes(self._buffer[:total])
        del self._buffer[:total]
        self._in_step = True
        self._restart(now)
        return () if is_oversize else (WholeApdu(octets),)

    def _take_oversize(self, total: int, now: float) -> tuple[()] | tuple[OversizeApdu]:
        # Only a start beyond doubt may be told and waited for.
        if _judge(self._buffer, 0, strict=True) is not _Verdict.YES:
            self._drop(_next_possible_start(self._buffer, 1), now)
            return ()
        self._oversize_told = True
        return (describe_oversize(self._buffer, total),)

    def _find_start_inside(self, end: int) -> int | None:
        """Where another APDU starts beyond doubt before the end of the first, else None."""
        position = self._searched
        while (match := _START.search(self._buffer, position, end)) is not None:
            position = match.start()
            if _u16(self._buffer, position) in (_PRST, _AARQ, _AARE):
                verdict = _judge(self._buffer, position, strict=True)
                if verdict is _Verdict.YES:
                    return position
                if verdict is _Verdict.UNSURE:
                    break
            position += 1
        self._searched = position if match is not None else max(1, end - 1)
        return None


def begins_apdu(octets: bytes) -> bool:
    """Whether a transfer begins as an APDU does: a header with a known choice."""
    return len(octets) >= HEADER_OCTETS and _u16(octets, 0) in _NEEDED


def describe_oversize(octets: bytes | bytearray, total: int) -> OversizeApdu:
    """What the first octets of an APDU longer than allowed say of it."""
    is_readable_prst = _u16(octets, 0) == _PRST and len(octets) >= _NEEDED[_PRST]
    return OversizeApdu(
        total_octets=total,
        invoke_id=_u16(octets, 6) if is_readable_prst else None,
        data_choice=_u16(octets, 8) if is_readable_prst else None,
    )


def _u16(buffer: bytes | bytearray, position: int) -> int:
    return (buffer[position] << 8) | buffer[position + 1]


def _next_possible_start(buffer: bytearray, position: int) -> int:
    """The next place where a choice may begin: none before it can be one."""
    match = _START.search(buffer, position)
    if match is not None:
        return match.start()
    last = len(buffer) - 1
    return last if last >= position and 0xE2 <= buffer[last] <= 0xE7 else len(buffer)


def _judge(buffer: bytearray, position: int, *, strict: bool) -> _Verdict:
    """Whether an APDU starts at `position`: choice, length, and the lengths inside."""
    available = len(buffer) - position
    if not 0xE2 <= buffer[position] <= 0xE7 or (available > 1 and buffer[position + 1]):
        return _Verdict.NO
    if available < HEADER_OCTETS:
        return _Verdict.UNSURE
    choice, length = _u16(buffer, position), _u16(buffer, position + 2)
    if choice in (_RLRQ, _RLRE, _ABRT):
        reason_fits = not strict or available < 5 or buffer[position + 4] == 0
        return _Verdict.YES if length == 2 and reason_fits else _Verdict.NO
    if HEADER_OCTETS + length < _NEEDED[choice]:
        # Too short for its kind. A Prst in step may still be one that holds no readable DATA.
        return _Verdict.NO if strict else _judge_short_prst(buffer, position, choice, length)
    if available < _NEEDED[choice]:
        return _judge_first_octets(buffer, position, available, choice, length)
    return _Verdict.YES if _lengths_agree(buffer, position, choice, length, strict) else _Verdict.NO


def _judge_short_prst(buffer: bytearray, position: int, choice: int, length: int) -> _Verdict:
    if choice != _PRST or length < 2:
        return _Verdict.NO
    if len(buffer) - position < 6:
        return _Verdict.UNSURE
    return _Verdict.YES if _u16(buffer, position + 4) == length - 2 else _Verdict.NO


def _judge_first_octets(
    buffer: bytearray, position: int, available: int, choice: int, length: int
) -> _Verdict:
    """Say no early: a false start must not hold back what follows it."""
    if choice == _PRST and available >= 6 and _u16(buffer, position + 4) != length - 2:
        return _Verdict.NO
    return _Verdict.UNSURE


def _lengths_agree(
    buffer: bytearray, position: int, choice: int, length: int, strict: bool
) -> bool:
    if choice == _PRST:
        if _u16(buffer, position + 4) != length - 2:
            return False
        if not strict:
            return True
        known = _u16(buffer, position + 8) in _DATA_CHOICES
        return known and _u16(buffer, position + 10) == length - 8
    if choice == _AARQ:
        version = (_u16(buffer, position + 4) << 16) | _u16(buffer, position + 6)
        # One version bit or more of the first four, none of the reserved ones.
        plausible = version != 0 and version & 0x0FFF_FFFF == 0
        return plausible and (not strict or _u16(buffer, position + 10) == length - 8)
    return _u16(buffer, position + 4) <= 8 and (
        not strict or _u16(buffer, position + 8) == length - 6
    )
