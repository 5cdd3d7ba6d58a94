"""The ring on disk: files of records, the oldest of which give way. For one thread alone."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from edge.recorder.heads import Heads
from edge.recorder.policy import RecorderPolicy
from edge.recorder.records import Kind, Record

FOLDER: Final = "recorder"
"""In the data folder."""
RING_FILE: Final = "ring.json"
SUFFIX: Final = ".rec"
FORM: Final = 1
_PRIVATE: Final = 0o600
_NOWHERE: Final = Path()
_CLOCK_UNSET: Final = datetime(2024, 1, 1, tzinfo=UTC).timestamp()
_NUMBERS_AT_ONCE: Final = 1024
"""Recordings whose numbers are set aside by one write: a number is never used twice."""


def _free_octets(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@dataclass(slots=True)
class SegmentRing:
    """Records to disk. Any OSError leaves it closed; `open` begins anew behind what there is."""

    folder: Path
    policy: RecorderPolicy
    free_octets: Callable[[Path], int] = _free_octets
    name: str = ""
    heads: Heads = field(default_factory=Heads)
    sizes: dict[Path, int] = field(default_factory=dict)
    removed: int = 0
    _descriptor: int = -1
    _path: Path = _NOWHERE
    _digest: Any = None
    _reserved: int = 0
    _next_segment: int = 1

    def prepare(self) -> int:
        """Make the folder and read who this ring is; the first free number of a recording."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stated = read_ring(self.folder / RING_FILE)
        self.name = stated[0] or secrets.token_hex(2)
        self.sizes = {path: path.stat().st_size for path in sorted(self.folder.glob(f"*{SUFFIX}"))}
        if self.sizes:
            self._next_segment = 1 + max(_number_of(path) for path in self.sizes)
        first = max(1, stated[1])
        self.reserve(first)
        return first

    def reserve(self, number: int) -> None:
        """Recordings up to this number may be in use: later runs begin behind them."""
        if number < self._reserved:
            return
        self._reserved = number + _NUMBERS_AT_ONCE
        draft = self.folder / f"{RING_FILE}.draft"
        content = json.dumps({"ring": self.name, "next": self._reserved}).encode()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / RING_FILE)

    @property
    def octets(self) -> int:
        """Of the whole ring."""
        return sum(self.sizes.values())

    def write(self, records: Iterable[Record], *, now: datetime) -> None:
        """Append records, at once; a full segment is sealed and the next one begun."""
        waiting: list[Record] = []
        octets: list[bytes] = []
        size = self.sizes.get(self._path, 0)
        for record in records:
            if self._descriptor < 0 or size >= self.policy.segment_bytes:
                self._flush(waiting, octets)
                self.seal()
                self._begin(now)
                waiting, octets, size = [], [], self.sizes[self._path]
            waiting.append(record)
            octets.append(record.pack())
            size += len(octets[-1])
        self._flush(waiting, octets)

    def sync(self) -> None:
        """What was written survives a power cut."""
        if self._descriptor >= 0:
            os.fdatasync(self._descriptor)

    def seal(self) -> None:
        """End the segment in good order, with a digest over all of it."""
        if self._descriptor < 0:
            return
        digest = self._digest.hexdigest()
        self._put(Record(Kind.SEALED, payload=json.dumps({"sha256": digest}).encode()))
        self.sync()
        self.abandon()

    def abandon(self) -> None:
        """Let go of the file as it is."""
        descriptor, self._descriptor, self._path = self._descriptor, -1, _NOWHERE
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def make_room(self) -> bool:
        """Give up the oldest segment; False when only the one being written is left."""
        for path in self.sizes:
            if path != self._path:
                self._remove(path)
                return True
        return False

    def _remove(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        del self.sizes[path]
        self.removed += 1

    def _begin(self, now: datetime) -> None:
        self._keep_bounds(now)
        path = self.folder / f"{self._next_segment:010d}{SUFFIX}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        self._descriptor = os.open(path, flags, _PRIVATE)
        self._next_segment += 1
        self._path, self.sizes[path] = path, 0
        self._digest = hashlib.sha256()
        facts = {"ring": self.name, "form": FORM, "begun": now.isoformat()}
        self._put(Record(Kind.SEGMENT, payload=json.dumps(facts).encode()))
        for record in tuple(self.heads):
            self._put(record)

    def _keep_bounds(self, now: datetime) -> None:
        oldest = (now - timedelta(hours=self.policy.max_age_hours)).timestamp()
        for path in tuple(self.sizes):
            with contextlib.suppress(FileNotFoundError):
                # One of a day when the clock was not set is of no known age.
                if not _CLOCK_UNSET < path.stat().st_mtime < oldest:
                    continue
            self._remove(path)
        room = self.policy.max_bytes - self.policy.segment_bytes
        while self.octets > room and self.make_room():
            pass
        wanted = self.policy.keep_free_bytes + self.policy.segment_bytes
        while self.free_octets(self.folder) < wanted:
            if not self.make_room():
                raise OSError(28, "No space left on device")

    def _flush(self, records: Iterable[Record], octets: Iterable[bytes]) -> None:
        if together := b"".join(octets):
            self._write(together)
        for record in records:
            self.heads.note(record)

    def _put(self, record: Record) -> None:
        self._write(record.pack())

    def _write(self, octets: bytes) -> None:
        done = os.write(self._descriptor, octets)
        self.sizes[self._path] += done
        self._digest.update(octets)
        if done != len(octets):
            raise OSError(28, "No space left on device")


def _number_of(path: Path) -> int:
    return int(path.stem) if path.stem.isdecimal() else 0


def read_ring(path: Path) -> tuple[str, int]:
    """The ring's name and the next free number; nothing known: an empty name."""
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        return str(stated["ring"]), int(stated["next"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", 0
