"""The recorder for asyncio: what passes is put in a bounded queue, one thread writes it to disk.

Nothing here waits or raises for the disk's sake. Power may cost what came in the last
`sync_seconds`: the observations made of it are durable before, in the buffer.
"""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from edge.clock import SYSTEM_CLOCK, Clock
from edge.recorder.policy import RecorderPolicy
from edge.recorder.recording import Entry, Recording
from edge.recorder.records import Kind, Record, to_us, utc_to_us
from edge.recorder.segments import SegmentRing

log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 1.0
_WAKE_OCTETS: Final = 256 << 10
_AGAIN_SECONDS: Final = 5.0
"""After a fault of the disk it is left alone for so long."""


@dataclass(slots=True)
class RecorderHealth:
    """How the recorder is. `reason` says why it does not write, empty while it does.

    `lost_octets` were let go because the disk was too slow, or took nothing.
    """

    enabled: bool
    reason: str = ""
    segments: int = 0
    octets: int = 0
    recordings: int = 0
    written_octets: int = 0
    lost_octets: int = 0
    faults: int = 0
    removed_segments: int = 0


class FlightRecorder:
    """All recordings of one run. `start`, then `open_recording` for every line, then `close`."""

    def __init__(
        self, folder: Path, policy: RecorderPolicy, *, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self.folder = folder
        self.health = RecorderHealth(policy.enabled)
        self._policy = policy
        self._clock = clock
        self._ring = SegmentRing(folder, policy)
        self._queue: deque[Entry] = deque()
        self._asked = 0
        self._done = 0
        self._lost: dict[int, int] = {}
        self._next = 0
        self._wake = threading.Event()
        self._ending = False
        self._thread: threading.Thread | None = None
        self._flushes: deque[asyncio.Future[None]] = deque()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin. A folder that cannot be used is told and costs the recordings alone."""
        if not self._policy.enabled:
            return
        try:
            self._next = self._ring.prepare()
        except OSError as exc:
            self._note_fault((exc.strerror or type(exc).__name__).lower())
            return
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Write what waits, seal the segment."""
        if self._thread is not None:
            self._ending = True
            self._wake.set()
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    async def flush(self) -> None:
        """Return once all that was put before is written and synced, or given up."""
        if self._thread is None or self._loop is None:
            return
        done: asyncio.Future[None] = self._loop.create_future()
        self._flushes.append(done)
        self._wake.set()
        await done

    def open_recording(self, device: str, address: str, facts: Mapping[str, Any]) -> Recording:
        """A line was opened. `facts`: what one must know to read its octets, in plain values."""
        if self._thread is None:
            return Recording()
        number, self._next = self._next, self._next + 1
        self.health.recordings += 1
        said = {"device": device, "address": address, **facts}
        utc = self._clock.utc()
        opened = Record(
            Kind.OPENED,
            number,
            monotonic_us=to_us(self._clock.monotonic()),
            utc_us=utc_to_us(utc),
            payload=json.dumps(said).encode(),
        )
        self._put(opened, len(opened.payload))
        return Recording(name=f"{self._ring.name}-{number}", number=number, put=self._put)

    def _put(self, entry: Entry, octets: int) -> None:
        waiting = self._asked - self._done
        number = entry.recording if isinstance(entry, Record) else 0
        if waiting + octets > self._policy.queue_bytes or self._thread is None:
            self.health.lost_octets += octets
            self._lost[number] = self._lost.get(number, 0) + octets
            return
        if self._lost:
            for lossy, count in self._lost.items():
                self._queue.append(Record(Kind.LOST, lossy, offset=count))
            self._lost.clear()
        self._asked += octets
        self._queue.append(entry)
        if waiting + octets >= _WAKE_OCTETS:
            self._wake.set()

    # ---- the recorder's thread

    def _work(self) -> None:
        synced_at = self._clock.monotonic()
        resting_until = 0.0
        while True:
            self._wake.wait(_LOOK_SECONDS)
            self._wake.clear()
            ending, flushes = self._ending, len(self._flushes)
            now = self._clock.monotonic()
            if now >= resting_until or ending:
                is_due = 0 < self._policy.sync_seconds <= now - synced_at
                if not self._attempt(self._write_waiting):
                    resting_until = now + _AGAIN_SECONDS
                elif (is_due or flushes) and self._attempt(self._ring.sync):
                    synced_at = now
            self._note()
            self._answer(flushes)
            if ending:
                self._attempt(self._ring.seal)
                self._ring.abandon()
                return

    def _write_waiting(self) -> None:
        """Write all that waits; what the disk does not take is gone."""
        asked = self._asked
        records = list(self._take_waiting())
        self._done = asked
        if not records:
            return
        octets = sum(len(record.payload) for record in records)
        try:
            self._ring.reserve(max(record.recording for record in records))
            self._ring.write(records, now=self._clock.utc())
        except OSError:
            self.health.lost_octets += octets
            self._ring.make_room()  # for the next attempt, on a disk that is full
            raise
        self.health.written_octets += octets
        self.health.reason = ""

    def _take_waiting(self) -> Iterator[Record]:
        while self._queue:
            entry = self._queue.popleft()
            yield entry if isinstance(entry, Record) else entry()

    def _attempt(self, act: Callable[[], object]) -> bool:
        """Nothing that goes wrong here may end the thread, or reach a driver."""
        try:
            act()
        except OSError as exc:
            self._note_fault((exc.strerror or type(exc).__name__).lower())
        except Exception as exc:
            log.exception("fault of the recorder")
            self._note_fault(f"fault in the program: {type(exc).__name__}")
        else:
            return True
        self._ring.abandon()
        return False

    def _note_fault(self, reason: str) -> None:
        if reason != self.health.reason:
            log.warning("not recorded reason=%r", reason)
        self.health.reason = reason
        self.health.faults += 1

    def _note(self) -> None:
        self.health.segments = len(self._ring.sizes)
        self.health.octets = self._ring.octets
        self.health.removed_segments = self._ring.removed

    def _answer(self, count: int) -> None:
        for _ in range(count):
            done = self._flushes.popleft()
            if self._loop is not None and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(_finish, done)


def _finish(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)
