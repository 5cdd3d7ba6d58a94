"""The crew's own book: every event on the disk before anybody is told that it is saved.

One line of JSON each: `{"event": ...}` when it was written, `{"kept": id}` once the buffer has it.
An event without its second line is given to the buffer again at the next start, under the same id.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec

from edge.crew.folder import PRIVATE, fault_of, sync_folder, write_durably
from edge.errors import BufferFaultError
from protocols.errors import EncodeError
from protocols.model.crew import CrewEvent

log = logging.getLogger(__name__)

FILE_NAME: Final = "events.jsonl"
MOST_EVENTS: Final = 2000


class _Line(msgspec.Struct, omit_defaults=True):
    event: CrewEvent | None = None
    kept: UUID | None = None


_LINE: Final = msgspec.json.Decoder(_Line)
_JSON: Final = msgspec.json.Encoder()


@dataclass(slots=True)
class EventJournal:
    """The book in one folder. `write` and `mark` block on the disk: keep them off the loop."""

    folder: Path
    _events: dict[UUID, CrewEvent] = field(default_factory=dict)
    _unkept: dict[UUID, CrewEvent] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, *, since: datetime, but: Collection[UUID] = ()) -> None:
        """Read the book and write it anew without what `forget` lets go of.

        A gateway starts on a full disk too: then all of it stays until `forget` is asked again.
        """
        self.read()
        try:
            with self._lock:
                self._keep_only(self._needed(since, but))
        except BufferFaultError as exc:
            log.warning("the crew's book is not written anew reason=%r", str(exc))

    def read(self) -> None:
        """Read the book and leave it as it is."""
        for line in self._lines():
            if line.event is not None:
                self._events[line.event.event_id] = line.event
                self._unkept[line.event.event_id] = line.event
            elif line.kept is not None:
                self._unkept.pop(line.kept, None)

    @property
    def events(self) -> tuple[CrewEvent, ...]:
        """All events, in the order they were written."""
        return tuple(self._events.values())

    @property
    def unkept(self) -> tuple[CrewEvent, ...]:
        """Events that the buffer has not taken yet."""
        return tuple(self._unkept.values())

    def find(self, event_id: UUID) -> CrewEvent | None:
        """An event that is in the book."""
        return self._events.get(event_id)

    def write(self, event: CrewEvent) -> None:
        """On the disk when this returns; BufferFaultError when it is not."""
        with self._lock:
            self._add(_Line(event=event), sync=True)
            self._events[event.event_id] = event
            self._unkept[event.event_id] = event

    def mark(self, event_id: UUID) -> None:
        """The buffer has it. Lost in a power cut, the buffer is only told once more."""
        with self._lock:
            self._unkept.pop(event_id, None)
            self._add(_Line(kept=event_id), sync=False)

    def forget(self, since: datetime, *, but: Collection[UUID] = ()) -> bool:
        """Let go of what is older and sent, but for these; whether there was any.

        Patient data stay on board no longer than needed. BufferFaultError when the disk refuses:
        then all of it is there still.
        """
        with self._lock:
            needed = self._needed(since, but)
            is_less = len(needed) < len(self._events)
            if is_less:
                self._keep_only(needed)
        return is_less

    def _needed(self, since: datetime, but: Collection[UUID]) -> dict[UUID, CrewEvent]:
        young = [one.event_id for one in self._events.values() if one.at >= since][-MOST_EVENTS:]
        needed = {*young, *self._unkept, *but}
        return {name: event for name, event in self._events.items() if name in needed}

    def _keep_only(self, needed: dict[UUID, CrewEvent]) -> None:
        write_durably(self._path, b"".join(self._text(needed.values())))
        self._events = needed

    def _text(self, events: Iterable[CrewEvent]) -> Iterable[bytes]:
        for event in events:
            yield _JSON.encode(_Line(event=event)) + b"\n"
            if event.event_id not in self._unkept:
                yield _JSON.encode(_Line(kept=event.event_id)) + b"\n"

    def _lines(self) -> Iterable[_Line]:
        try:
            octets = self._path.read_bytes()
        except FileNotFoundError:
            return
        for number, text in enumerate(octets.split(b"\n")):
            if not text:
                continue
            try:
                yield _LINE.decode(text)
            except (msgspec.DecodeError, EncodeError):
                # A line cut by a power cut: nobody was told that it is saved.
                log.warning("line of the crew's book not readable line=%d", number + 1)

    def _add(self, line: _Line, *, sync: bool) -> None:
        try:
            is_new = not self._path.exists()
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            with os.fdopen(os.open(self._path, flags, PRIVATE), "ab") as file:
                # A torn line before this one ends here, and spoils only itself.
                file.write(b"\n" + _JSON.encode(line) + b"\n")
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            if is_new:
                sync_folder(self.folder)
        except OSError as exc:
            raise fault_of(exc) from exc

    @property
    def _path(self) -> Path:
        return self.folder / FILE_NAME
