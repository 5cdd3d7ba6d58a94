"""The tables of a scenario file, each key with the line it stands in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final, TypeVar

from simulators.errors import ScenarioError

_TIME: Final = re.compile(r"\+?(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d(?:\.\d{1,2})?)")
_HEADER: Final = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]?\]")
_KEY: Final = re.compile(r"\s*([\w-]+)\s*=")

Chosen = TypeVar("Chosen")


class Place:
    """Where in its file a key of the n-th table of a name stands."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines: dict[tuple[str, int, str], int] = {}
        table, number = "", 0
        counts: dict[str, int] = {}
        for line, words in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(words):
                table = header[1]
                number = counts.get(table, 0)
                counts[table] = number + 1
                self._lines[table, number, ""] = line
            elif key := _KEY.match(words):
                self._lines.setdefault((table, number, key[1]), line)

    def words(self, table: str, number: int, key: str) -> str:
        """`file, line 7`; the table's own line for a key that is not there."""
        line = self._lines.get((table, number, key)) or self._lines.get((table, number, ""), 1)
        return f"{self._file}, line {line}"


class Table:
    """One table of the file: its values, checked as they are asked for."""

    def __init__(self, place: Place, values: Mapping[str, object], name: str, number: int) -> None:
        self._place = place
        self._values = values
        self._name = name
        self._number = number

    def error(self, key: str, wrong: str, mend: str) -> ScenarioError:
        """What is wrong at a key, and what to do."""
        where = self._place.words(self._name, self._number, key)
        return ScenarioError(f"{where}: {wrong}. {mend}.")

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def keys(self) -> Iterable[str]:
        """All its keys."""
        return self._values.keys()

    def value(self, key: str) -> object:
        """What stands there."""
        return self._values[key]

    def refuse_others(self, known: Iterable[str]) -> None:
        """ScenarioError for a key nobody knows."""
        known = tuple(known)
        for key in self._values:
            if key not in known:
                raise self.error(key, f"{key!r} is no word of a scenario", likely(key, known))

    def text(self, key: str, usual: str | None = None) -> str:
        """A text."""
        found = self._values.get(key, usual)
        if not isinstance(found, str) or not found.strip():
            raise self.error(key, f"{key} is missing or no text", f'Write {key} = "..."')
        return found

    def time(self, key: str) -> float:
        """Seconds of a time such as +02:30 or 1:02:30."""
        found = self._values.get(key)
        match = _TIME.fullmatch(found) if isinstance(found, str) else None
        if match is None:
            raise self.error(
                key,
                f"{key} is no time",
                f'Write {key} = "+02:30" for two minutes and a half, "1:00:00" for an hour',
            )
        hours, minutes, seconds = match.groups()
        return int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds)

    def choice(self, key: str, choices: Mapping[str, Chosen]) -> Chosen:
        """One of these words."""
        found = self.text(key)
        if found not in choices:
            raise self.error(key, f"nobody knows {found!r} here", likely(found, tuple(choices)))
        return choices[found]

    def whole(self, key: str, usual: int, *, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        found = self._values.get(key, usual)
        if isinstance(found, bool) or not isinstance(found, int) or not low <= found <= high:
            raise self.error(key, f"{key} is no number from {low} to {high}", "Correct it")
        return found

    def table(self, key: str) -> Table:
        """The table of this name, empty when there is none."""
        found = self._values.get(key, {})
        if not isinstance(found, dict):
            raise self.error(key, f"{key} is no table", f"Write [{key}] on a line of its own")
        return Table(self._place, found, key, 0)

    def tables(self, key: str) -> list[Table]:
        """The tables of this name, in their order."""
        found = self._values.get(key, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise self.error(key, f"{key} is no list", f"Write [[{key}]] on a line of its own")
        return [Table(self._place, one, key, number) for number, one in enumerate(found)]


def likely(word: str, known: tuple[str, ...]) -> str:
    """What was probably meant, or everything there is."""
    if meant := get_close_matches(word, known, n=1):
        return f"Write {meant[0]!r} if that is meant"
    return f"Use one of: {', '.join(known)}"


def time_words(seconds: float) -> str:
    """Seconds as a scenario writes them."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"+{hours}:{minutes:02}:{left:02}" if hours else f"+{minutes:02}:{left:02}"
