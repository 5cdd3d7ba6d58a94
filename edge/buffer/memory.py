"""What the store keeps in memory beside the file, and a rollback must put back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.buffer.database import Database
from edge.buffer.rows import Stream

_SET: Final = "INSERT INTO totals VALUES (?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount"
_MARK: Final = "INSERT INTO marks VALUES (?, ?) ON CONFLICT DO UPDATE SET place = excluded.place"
_MARKS: Final = "SELECT name, place FROM marks WHERE name LIKE 'counted_%'"
_SINCE: Final = "SELECT coalesce(sum(rows), 0) FROM held WHERE id > ? AND stream = ?"
STORED: Final = "stored"
RELEASED: Final = "released"


@dataclass(slots=True)
class Memory:
    """The next sequence of each lane, how many rows wait in it, and what became of all rows."""

    next_sequence: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 1))
    held: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    totals: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Memory:
        """The same, to go back to."""
        return Memory(dict(self.next_sequence), dict(self.held), dict(self.totals))

    def go_back(self, before: Memory) -> None:
        """Be as a copy was."""
        self.next_sequence, self.held = before.next_sequence, before.held
        self.totals = before.totals

    def load_totals(self, database: Database) -> None:
        """What earlier runs counted, and the rows that came after it was written down."""
        self.totals.update(database.execute("SELECT name, amount FROM totals"))
        self.count(STORED, uncounted(database))

    def count(self, name: str, amount: int) -> None:
        """Rows that came to something."""
        if amount:
            self.totals[name] = self.totals.get(name, 0) + amount

    def write_totals(
        self, database: Database, *, before: Memory, last_of: Callable[[Stream], int]
    ) -> None:
        """In the commit that they count.

        Rows that came are in the file, and counted at the next opening: what came is written down
        with what left, so a commit that only stores does not pay for a page of numbers.
        """
        changed = [item for item in self.totals.items() if before.totals.get(item[0]) != item[1]]
        if all(name == STORED for name, _ in changed):
            return
        # Of earlier commits too.
        changed.append((STORED, self.totals.get(STORED, 0)))
        database.executemany(_SET, changed)
        mark_counted(database, {stream: last_of(stream) for stream in Stream})


def uncounted(database: Database) -> int:
    """Rows in the file that came after the totals were written the last time."""
    marks = dict(database.execute(_MARKS).fetchall())
    return sum(
        database.execute(_SINCE, (marks[name], stream)).fetchone()[0]
        for stream, name in _NAMES.items()
        if name in marks
    )


def mark_counted(database: Database, last_ids: Mapping[Stream, int]) -> None:
    """Rows up to these ids are counted in the totals."""
    database.executemany(_MARK, [(_NAMES[stream.value], last) for stream, last in last_ids.items()])


_NAMES: Final = {stream.value: f"counted_{stream.value}" for stream in Stream}
