"""Where the octets of an observation are: `RECORDING@OFFSET+LENGTH`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_FORM: Final = re.compile(r"([0-9a-f]{1,8}-\d{1,10})@(\d{1,18})\+(\d{1,9})")


@dataclass(frozen=True, slots=True)
class OctetRange:
    """`length` octets from `offset` of what a device said in one recording."""

    recording: str
    offset: int
    length: int

    def __str__(self) -> str:
        return f"{self.recording}@{self.offset}+{self.length}"

    @classmethod
    def parse(cls, text: str) -> OctetRange:
        """The inverse of `str`; ValueError for anything else."""
        match = _FORM.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no place of the recorder: RECORDING@OFFSET+LENGTH")
        return cls(match[1], int(match[2]), int(match[3]))


@dataclass(slots=True)
class OctetTrail:
    """Follows a line: which octets what has just been decoded was in.

    `recording` is empty where nothing is recorded.
    """

    recording: str = ""
    _start: int = 0
    _end: int = 0

    def advance(self, *, received: int, held: int = 0) -> None:
        """`received` octets came in all; the last `held` of them wait for more."""
        end = received - held
        if end > self._end:
            self._start, self._end = self._end, end

    @property
    def reference(self) -> str:
        """The place of what was decoded last; empty where nothing is recorded or was decoded."""
        if not self.recording or self._end == self._start:
            return ""
        return str(OctetRange(self.recording, self._start, self._end - self._start))
