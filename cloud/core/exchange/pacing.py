"""How long to wait before the next attempt: twice as long each time, and never all at once."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=2)
LONGEST: Final = timedelta(minutes=5)
LONGEST_ASKED: Final = timedelta(hours=1)
MOST_FAULTS: Final = 12
KEPT_TRYING: Final = timedelta(hours=72)
_HIGHEST_POWER: Final = 16


def pause(failures: int, draw: float, *, asked: timedelta | None = None) -> timedelta:
    """The wait after so many failures in a row; `draw` (0 to 1) spreads it over its upper half.

    `asked` is what the other side wants (Retry-After): at least that, an hour at most.
    """
    steps = 1 << min(max(failures - 1, 0), _HIGHEST_POWER)
    whole = min(LONGEST, FIRST * steps)
    spread = whole * (0.5 + draw / 2)
    return spread if asked is None else max(spread, min(asked, LONGEST_ASKED))
