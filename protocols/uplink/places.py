"""Where the gateway's recorder keeps the octets of a batch's rows: one behind the other, mostly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Final

from protocols.uplink.columns import PlaceColumns

_FORM: Final = re.compile(r"(.+)@(\d{1,18})\+(\d{1,18})", re.DOTALL)


def is_place(octets: str) -> bool:
    """Whether a row's place is written as the recorder writes it, or empty."""
    match = _FORM.fullmatch(octets)
    if match is None:
        return not octets
    return _text(match[1], int(match[2]), int(match[3])) == octets


@dataclass(slots=True)
class PlaceWriter:
    """Takes the rows' places in their order; rows with the same place share one."""

    _recordings: dict[str, int] = field(default_factory=dict)
    _runs: list[list[int]] = field(default_factory=list)
    _ends: dict[int, int] = field(default_factory=dict)
    _last: str | None = None

    def add(self, octets: str, rows: int = 1) -> None:
        """Some rows more; their place is one by `is_place`."""
        if octets == self._last:
            self._runs[-1][0] += rows
            return
        recording, gap, length = 0, 0, 0
        if match := _FORM.fullmatch(octets):
            recording = self._recordings.setdefault(match[1], len(self._recordings)) + 1
            offset, length = int(match[2]), int(match[3])
            gap = offset - self._ends.get(recording, 0)
            self._ends[recording] = offset + length
        self._last = octets
        self._runs.append([rows, recording, gap, length])

    def columns(self) -> PlaceColumns:
        """All of them; nothing at all when no row has a place."""
        runs = [number for run in self._runs for number in run] if self._recordings else []
        return PlaceColumns(tuple(self._recordings), tuple(runs))


def count_places(columns: PlaceColumns) -> int:
    """For how many rows they are; -1 when they cannot be."""
    runs, recordings = columns.runs, len(columns.recordings)
    if len(runs) % 4 or min(runs[::4], default=0) < 0:
        return -1
    return sum(runs[::4]) if all(0 <= one <= recordings for one in runs[1::4]) else -1


def read_places(columns: PlaceColumns) -> Iterator[str]:
    """The rows' places, without end when none has one. Counted by `count_places` before."""
    if not columns.runs:
        yield from repeat("")
    ends: dict[int, int] = {}
    runs = iter(columns.runs)
    for rows, recording, gap, length in zip(runs, runs, runs, runs, strict=True):
        text = ""
        if recording:
            offset = ends.get(recording, 0) + gap
            ends[recording] = offset + length
            text = _text(columns.recordings[recording - 1], offset, length)
        yield from repeat(text, rows)


def _text(recording: str, offset: int, length: int) -> str:
    return f"{recording}@{offset}+{length}"
