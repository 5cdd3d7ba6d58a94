"""What a device did, line by line: the ground truth every ledger is held against.

One JSON object a line. `made`: a reading came into being; `sent`: a report with these readings went
out; `confirmed`: the manager answered for it; `unheard`: live samples were made while nobody
listened; `dropped`: memory was full; `associated`, `ended`: the association's life.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, TextIO
from uuid import UUID

from protocols.model.codes import MdcCode
from protocols.model.observation import Observation, SampleArrayObservation
from simulators.errors import JournalError
from simulators.value_texts import value_text

CONFIRMED_CLASS: Final = "confirmed"
LIVE_CLASS: Final = "live"

JsonLine = dict[str, object]


@dataclass(frozen=True, slots=True)
class MadeReading:
    """One reading as its device made it; `value` is its exact text, `samples` 0 for no waveform."""

    observation_id: UUID
    type: MdcCode
    device_time: str
    value: str
    live: bool
    samples: int
    made_at: datetime


class Journal:
    """The writing side; every line reaches the kernel before the call returns.

    `counts`: how many readings each event was about so far.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.counts: Counter[str] = Counter()

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Append to `path`, one line at a time."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path.open("a", encoding="utf-8", buffering=1))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def made(self, observation: Observation, *, live: bool, at: datetime) -> None:
        """A reading came into being."""
        stamp = observation.observed_at.device_time
        count = observation.count if isinstance(observation, SampleArrayObservation) else 0
        self.counts["made"] += 1
        self._write(
            "made",
            at,
            id=str(observation.observation_id),
            type=str(observation.type),
            device_time=stamp.value if stamp else "",
            value=value_text(observation),
            lane=LIVE_CLASS if live else CONFIRMED_CLASS,
            samples=count,
        )

    def about(self, event: str, ids: Iterable[UUID], *, at: datetime) -> None:
        """Something happened to these readings: sent, confirmed, unheard, dropped."""
        named = [str(reading) for reading in ids]
        self.counts[event] += len(named)
        self._write(event, at, ids=named)

    def note(self, event: str, *, at: datetime, **facts: object) -> None:
        """Something happened to the device: associated, ended, ready, finished."""
        self._write(event, at, **facts)

    def _write(self, event: str, at: datetime, **facts: object) -> None:
        line = {"event": event, "at": at.astimezone(UTC).isoformat(), **facts}
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()


def read_lines(path: Path) -> Iterator[JsonLine]:
    """The whole lines of a journal that may still be growing; none when it does not exist yet."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        if not line.endswith("\n"):
            return  # still being written
        try:
            parsed = json.loads(line)
        except ValueError as exc:
            raise JournalError(f"line {number} of {path.name} is not JSON") from exc
        if not isinstance(parsed, dict):
            raise JournalError(f"line {number} of {path.name} is no object")
        yield parsed


class DeviceRecord:
    """One device's journal, read: what was made, and what became of it at the device."""

    def __init__(self, name: str, lines: Iterable[JsonLine]) -> None:
        self.name = name
        self.made: dict[UUID, MadeReading] = {}
        self.confirmed_at: dict[UUID, datetime] = {}
        self.sent: set[UUID] = set()
        self.unheard: set[UUID] = set()
        self.dropped: set[UUID] = set()
        self.associations = 0
        for line in lines:
            self._take(line)

    @classmethod
    def read(cls, name: str, path: Path) -> DeviceRecord:
        """From the journal file."""
        return cls(name, read_lines(path))

    def _take(self, line: JsonLine) -> None:
        event, at = line["event"], datetime.fromisoformat(str(line["at"]))
        if event == "made":
            reading = _made(line, at)
            if reading.observation_id in self.made:
                raise JournalError(f"{self.name} made {reading.observation_id} twice")
            self.made[reading.observation_id] = reading
        elif event == "associated":
            self.associations += 1
        elif event in ("sent", "confirmed", "unheard", "dropped"):
            named = line["ids"]
            ids = [UUID(str(one)) for one in named] if isinstance(named, list) else []
            if event == "confirmed":
                for one in ids:
                    self.confirmed_at.setdefault(one, at)
            else:
                {"sent": self.sent, "unheard": self.unheard, "dropped": self.dropped}[
                    str(event)
                ].update(ids)

    def readings(self, *, live: bool) -> list[MadeReading]:
        """The readings of one class, in the order they were made."""
        return [reading for reading in self.made.values() if reading.live is live]


def _made(line: JsonLine, at: datetime) -> MadeReading:
    return MadeReading(
        observation_id=UUID(str(line["id"])),
        type=MdcCode.parse(str(line["type"])),
        device_time=str(line["device_time"]),
        value=str(line["value"]),
        live=line["lane"] == LIVE_CLASS,
        samples=int(str(line["samples"])),
        made_at=at,
    )
