"""What the store keeps in memory beside the file, and a rollback must put back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from edge.buffer.database import Database
from edge.buffer.rows import Stream

_SET: Final = "INSERT INTO totals VALUES (?, ?) ON CONFLICT DO UPDATE SET amount = excluded.amount"


@dataclass(slots=True)
class Memory:
    """The next sequence of each lane, how many rows wait in it, and what became of all rows."""

    next_sequence: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 1))
    held: dict[Stream, int] = field(default_factory=lambda: dict.fromkeys(Stream, 0))
    totals: dict[str, int] = field(default_factory=dict)

    def copy(self) -> Memory:
        """The same, to go back to."""
        return Memory(dict(self.next_sequence), dict(self.held), dict(self.totals))

    def load_totals(self, database: Database) -> None:
        """What earlier runs counted."""
        self.totals.update(database.execute("SELECT name, amount FROM totals"))

    def count(self, name: str, amount: int) -> None:
        """Rows that came to something."""
        if amount:
            self.totals[name] = self.totals.get(name, 0) + amount

    def write_totals(self, database: Database, *, before: Memory) -> None:
        """In the commit that they count."""
        changed = [item for item in self.totals.items() if before.totals.get(item[0]) != item[1]]
        if changed:
            database.executemany(_SET, changed)
