"""Scenario files: a story in TOML that a paramedic can read and write.

    scenario_names() -> ("arrest", ...)          find_scenario("inferior-stemi" or "my.toml")

What is wrong in a file is told with its line and the mend (ScenarioError).
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from simulators.errors import ScenarioError
from simulators.patient.happenings import EventKind
from simulators.patient.scenario import Call, PatientEvent, Scenario
from simulators.patient.scenario_fields import Place, Table, time_words
from simulators.patient.scenario_values import read_body, read_moves

FOLDER: Final = Path(__file__).resolve().parent.parent / "scenarios"
SUFFIX: Final = ".toml"
_TOP: Final = ("title", "about", "lasts", "joules", "patient", "event", "call")
_EVENT: Final = ("at", "what", "say", "over")
_CALL: Final = ("at", "scenario", "lasts", "say")
_DEEPEST: Final = 1
"""A shift holds scenarios; a scenario of a shift is no shift again."""


def scenario_names() -> tuple[str, ...]:
    """The scenarios that come with the simulators, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}")))


def find_scenario(named: str) -> Scenario:
    """A scenario by its name, or by the path of a file of one's own."""
    if named.endswith(SUFFIX) or "/" in named:
        return read_scenario(Path(named))
    if named not in scenario_names():
        raise ScenarioError(
            f"there is no scenario {named!r}. Choose one of {', '.join(scenario_names())}, or name "
            f"a file that ends in {SUFFIX}."
        )
    return _shipped(named)


@cache
def _shipped(name: str) -> Scenario:
    return read_scenario(FOLDER / f"{name}{SUFFIX}")


def read_scenario(path: Path, *, depth: int = 0) -> Scenario:
    """Read and check one file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        why = (exc.strerror or "").lower() if isinstance(exc, OSError) else "it is no text"
        raise ScenarioError(
            f"the scenario {path} cannot be read: {why}. Name one there is."
        ) from exc
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ScenarioError(f"{path.name}: {exc}. Correct that line.") from exc
    return _Reader(path, Place(path.name, text), depth).read(content)


class _Reader:
    """Turns the tables of one file into a scenario."""

    def __init__(self, path: Path, place: Place, depth: int) -> None:
        self._path = path
        self._place = place
        self._depth = depth

    def read(self, content: dict[str, object]) -> Scenario:
        top = Table(self._place, content, "", 0)
        top.refuse_others(_TOP)
        starts_as = read_body(top.table("patient"))
        lasts = top.time("lasts")
        events = [self._event(table, lasts) for table in top.tables("event")]
        calls: list[Call] = []
        tables = top.tables("call")
        if tables and events:
            raise tables[0].error("call", "a shift has calls and no events of its own", "Move them")
        for table in tables:
            call, told = self._call(table, lasts, after=calls[-1].end if calls else 0.0)
            calls.append(call)
            events.extend(told)
        self._require_order(top.tables("event"), events)
        return Scenario(
            name=self._path.stem,
            title=top.text("title"),
            about=" ".join(top.text("about").split()),
            seconds=lasts,
            starts_as=starts_as,
            events=tuple(events),
            calls=tuple(calls),
            joules=top.whole("joules", 200, low=1, high=400),
        )

    def _event(self, table: Table, lasts: float) -> PatientEvent:
        at = table.time("at")
        if not 0 <= at < lasts:
            raise table.error(
                "at", f"{time_words(at)} is after the end", f"Make it less than {time_words(lasts)}"
            )
        kind = table.choice("what", {kind.value: kind for kind in EventKind if kind not in _OWN})
        moves = read_moves(table, ignore=_EVENT)
        return PatientEvent(
            at=at,
            kind=kind,
            words=table.text("say", kind.value),
            goes_to=moves,
            over=table.time("over") if table.has("over") else None,
        )

    def _call(self, table: Table, lasts: float, *, after: float) -> tuple[Call, list[PatientEvent]]:
        table.refuse_others(_CALL)
        at = table.time("at")
        inner = self._inner(table)
        end = at + (table.time("lasts") if table.has("lasts") else inner.seconds)
        if at < after:
            raise table.error(
                "at", "the patient before is still on board", f"Begin at {time_words(after)}"
            )
        if end > lasts:
            raise table.error(
                "at", f"this call ends at {time_words(end)}, after the shift", "Begin it earlier"
            )
        title = table.text("say", inner.title)
        begin = PatientEvent(at=at, kind=EventKind.ON_BOARD, words=title, starts_as=inner.starts_as)
        over = PatientEvent(at=end, kind=EventKind.HANDED_OVER, words="handed over")
        told = [_later(event, at) for event in inner.events if at + event.at < end]
        return Call(at, end, title), [begin, *told, over]

    def _inner(self, table: Table) -> Scenario:
        named = table.text("scenario")
        path = self._path.parent / f"{named.removesuffix(SUFFIX)}{SUFFIX}"
        if not path.is_file():
            path = FOLDER / path.name
        if self._depth >= _DEEPEST:
            raise table.error(
                "scenario",
                "a shift is held by another shift",
                "Name its scenarios one by one",
            )
        if not path.is_file():
            raise table.error(
                "scenario",
                f"{named!r} is no scenario that a shift can hold",
                f"Choose one of {', '.join(scenario_names())}",
            )
        return read_scenario(path, depth=self._depth + 1)

    @staticmethod
    def _require_order(tables: list[Table], events: list[PatientEvent]) -> None:
        for number, table in enumerate(tables):
            if number and events[number].at < events[number - 1].at:
                raise table.error("at", "it happens before the event above it", "Put it there")


_OWN: Final = (EventKind.ON_BOARD, EventKind.HANDED_OVER)


def _later(event: PatientEvent, by: float) -> PatientEvent:
    return PatientEvent(
        at=by + event.at,
        kind=event.kind,
        words=event.words,
        goes_to=event.goes_to,
        over=event.over,
    )
