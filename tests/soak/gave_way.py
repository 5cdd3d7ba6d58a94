"""Which waveforms the gateway let go to make room for numbers, as it told the cloud itself.

They may have been made long before the disk was full. What it told is a reason for so many lost
stretches captured in that time, and for not one more.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

_WORDS: Final = re.compile(r"no room in the buffer: .*, (\d+) captured from (\S+) to (\S+)")
_TOLD: Final = "SELECT text FROM observations WHERE text LIKE 'no room in the buffer:%'"
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class GaveWay:
    """So many stretches, captured between two seconds of the shift."""

    stretches: int
    first: float
    last: float


def told_drops(
    database: Path, *, start_at: datetime, tolerance: float, excused: Sequence[Span] = ()
) -> list[GaveWay]:
    """What the gateway said it dropped, in the times it may truly have captured it.

    `tolerance`: seconds between a device's look at its clock and the gateway's. What was captured
    in an `excused` time was stamped by a wrong clock: it may be from anywhere in that time.
    """
    found = []
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        for (text,) in store.execute(_TOLD):
            match = _WORDS.fullmatch(text)
            if match is None:
                raise ValueError("the gateway tells of a drop in other words than the soak knows")
            first, last = (
                (datetime.fromisoformat(one) - start_at).total_seconds()
                for one in match.groups()[1:]
            )
            span = widened((first - tolerance, last + tolerance), excused)
            found.append(GaveWay(int(match[1]), *span))
    return found


def widened(span: Span, excused: Sequence[Span]) -> Span:
    """A time, with all of every excused time that it touches."""
    touched = [span, *(one for one in excused if one[0] <= span[1] and one[1] >= span[0])]
    return min(begin for begin, _ in touched), max(end for _, end in touched)


def without_reason(lost: Iterable[tuple[float, str]], told: Sequence[GaveWay]) -> list[str]:
    """Of lost stretches, each with its second, those that what was told does not account for.

    As many as can be are given a reason: each goes to the drop whose time ends first.
    """
    by_end = sorted(told, key=lambda one: one.last)
    left = [one.stretches for one in by_end]
    unexplained = []
    for at, words in sorted(lost):
        fitting = (n for n, one in enumerate(by_end) if one.first <= at <= one.last and left[n])
        place = next(fitting, None)
        if place is None:
            unexplained.append(words)
        else:
            left[place] -= 1
    return unexplained
