"""Whose a reading is: the patient's on board at its time, nobody's once the crew let them go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.soak.gave_way import Span, widened


@dataclass(frozen=True, slots=True)
class Encounter:
    """One patient as dispatch knows them: the cloud's id and when they were on board.

    `released`: the seconds within which the crew released them.
    """

    encounter_id: str
    begin: float
    end: float
    released: Span | None = None


@dataclass(frozen=True, slots=True)
class Stays:
    """All patients of a shift.

    `margin`: seconds that a reading's time and the release's may lie apart from the true ones. A
    release in an `excused` time was stamped by a wrong clock: it may count from anywhere in it.
    """

    encounters: Sequence[Encounter]
    margin: float
    excused: Sequence[Span] = ()

    def right(self, t: float) -> frozenset[str | None]:
        """What a reading of this second may be charted to; two only where nobody can tell."""
        one = self._on_board(t)
        if one is None:
            return frozenset({None})
        if one.released is None:
            return frozenset({one.encounter_id})
        begin, end = self._release(one.released)
        if t > end:
            return frozenset({None})
        return frozenset({one.encounter_id} if t < begin else {one.encounter_id, None})

    def is_after_release(self, t: float) -> bool:
        """Whether somebody is still measured whom the crew has released for sure."""
        one = self._on_board(t)
        return one is not None and one.released is not None and t > self._release(one.released)[1]

    def _on_board(self, t: float) -> Encounter | None:
        return next((one for one in self.encounters if one.begin <= t <= one.end), None)

    def _release(self, span: Span) -> Span:
        return widened((span[0] - self.margin, span[1] + self.margin), self.excused)
