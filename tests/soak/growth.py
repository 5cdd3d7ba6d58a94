"""Whether a program's memory and open files stay flat over a shift: judged, not only shown.

Two questions, since a gateway that is killed every few minutes forgets each time what it leaked:

- **Over the run**: the middle of the last quarter against the middle of the second. The first is
  warm-up. Medians, so that a start or a burst of a few looks says nothing.
- **Within a life**: how much a process gains an hour once it has warmed up, as the median of the
  slopes between its looks, and of all its lives the median. A leak is in every life, the drain of
  one outage is in one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Final

from tests.soak.census import Census, Look

JUDGED: Final = ("edge", "cloud")
"""The programs that must stay flat; the simulated vehicle may remember what it made."""
_HOUR: Final = 3600.0
_POINTS: Final = 48
"""A life is looked at in so many blocks at most: the slopes of all pairs are cheap then."""
_LEAST_POINTS: Final = 6

Figure = Callable[[Look], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What counts as flat. Seconds and hours are of the shift."""

    least_hours: float = 4.0
    """A shorter run is not judged: its second quarter is warm-up still."""
    megabytes: float = 12.0
    """More than so much above the second quarter, or than `share` of it, whichever is more."""
    share: float = 0.1
    files: float = 8.0
    warm_up: float = 360.0
    """Seconds of a life that do not count: a gateway takes 3 to 5 MB then, as its patient comes."""
    least_life: float = 180.0
    """Seconds beyond its warm-up that a life must last to be looked at."""
    least_lives: float = 3600.0
    """Seconds that the looked at parts of all lives must come to: one alone wavers by a MB."""
    megabytes_an_hour: float = 20.0
    files_an_hour: float = 24.0
    crowd_files: float = 40.0
    """The cloud's own bound over the run: of every connection beyond its pool's that was ever open,
    forty at most, SQLite keeps a file, to use it again; it closes none while others read."""
    crowd_files_an_hour: float = 3.0
    """Of a cloud that nobody kills: what it gains hour by hour is no crowd."""


USUAL: Final = Bounds()
CLOUD: Final = "cloud"


def findings(censuses: Sequence[Census], bounds: Bounds = USUAL) -> list[str]:
    """What has grown, in words; nothing when all of it is flat."""
    return [line for census in censuses for line in _grown(census, bounds)]


def is_judged(census: Census, bounds: Bounds = USUAL) -> bool:
    """Whether the run was long enough to say anything."""
    return census.lasts >= bounds.least_hours * _HOUR


def rise(census: Census, figure: Figure) -> float:
    """How much more the last quarter has than the second."""
    before, after = census.part(0.25, 0.5), census.part(0.75, 1.0)
    return median(map(figure, after)) - median(map(figure, before))


def rise_in_a_life(census: Census, figure: Figure, bounds: Bounds = USUAL) -> float | None:
    """How much a life gains an hour; None when too few lasted long enough to tell."""
    warm = ([one for one in life if one.age >= bounds.warm_up] for life in census.lives())
    long = [
        looks
        for looks in warm
        if len(looks) >= _LEAST_POINTS and looks[-1].at - looks[0].at >= bounds.least_life
    ]
    if sum(looks[-1].at - looks[0].at for looks in long) < bounds.least_lives:
        return None
    return median(_slope(looks, figure) for looks in long) * _HOUR


def lines(censuses: Sequence[Census], bounds: Bounds = USUAL) -> Iterator[str]:
    """What was measured, for people."""
    for census in censuses:
        if not census.looks:
            continue
        within = [rise_in_a_life(census, one, bounds) for one in (_megabytes, _files)]
        a_life = ", ".join(
            "nothing known" if gained is None else f"{gained:+.1f} {unit} an hour"
            for gained, unit in zip(within, ("MB", "files"), strict=True)
        )
        yield (
            f"{census.name:<10} from the second quarter to the last "
            f"{rise(census, _megabytes):+.1f} MB, {rise(census, _files):+.0f} files; "
            f"within a life {a_life}"
            + ("" if is_judged(census, bounds) else " (not judged: short)")
        )


def _grown(census: Census, bounds: Bounds) -> Iterator[str]:
    if not census.looks:
        yield f"{census.name} was never looked at"
        return
    if not is_judged(census, bounds):
        return
    second = median(map(_megabytes, census.part(0.25, 0.5)))
    files = (bounds.files, bounds.files_an_hour)
    if census.name == CLOUD:
        files = (bounds.crowd_files, bounds.crowd_files_an_hour)
    for figure, unit, most, most_an_hour in (
        (_megabytes, "MB", max(bounds.megabytes, bounds.share * second), bounds.megabytes_an_hour),
        (_files, "open files", *files),
    ):
        grown = rise(census, figure)
        if grown > most:
            yield (
                f"{census.name} has {grown:.1f} {unit} more at the end, at most {most:.1f} is flat"
            )
        within = rise_in_a_life(census, figure, bounds)
        if within is not None and within > most_an_hour:
            yield (
                f"{census.name} gains {within:.1f} {unit} an hour of a life, "
                f"at most {most_an_hour:.1f} is flat"
            )


def _slope(looks: Sequence[Look], figure: Figure) -> float:
    """Gain a second: the median over all pairs of blocks (Theil and Sen)."""
    size = -(-len(looks) // _POINTS)
    blocks = [looks[first : first + size] for first in range(0, len(looks), size)]
    points = [(median(one.at for one in block), median(map(figure, block))) for block in blocks]
    return median((b - a) / (t - s) for (s, a), (t, b) in combinations(points, 2))


def _megabytes(look: Look) -> float:
    return look.megabytes


def _files(look: Look) -> float:
    return float(look.files)
