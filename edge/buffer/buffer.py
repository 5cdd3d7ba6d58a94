"""The store for asyncio: one worker thread, and one commit for all that asked meanwhile."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from edge.buffer.answers import Appended, BufferCounts, Settled
from edge.buffer.claims import Claim
from edge.buffer.database import Connect, connect
from edge.buffer.jobs import Job, Outcome, attempt, run_jobs
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import OpenedStore, Recovery, open_store
from edge.buffer.rows import Stream, from_microseconds
from edge.buffer.store import ObservationStore, Tell
from edge.buffer.window import WaveformWindow, WindowPart
from edge.clock import (
    SYSTEM_CLOCK,
    Clock,
    ClockKeeper,
    ClockQuality,
    ClockReading,
    machine_boot,
)
from edge.errors import BufferDamagedError, BufferFaultError
from protocols.uplink.messages import Content, UplinkAck
from protocols.uplink.prepared import PreparedRows

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_IN_ONE_COMMIT: Final = 256


class ObservationBuffer:
    """The durable buffer. `append` returns once the rows are synced to disk, not before."""

    def __init__(self, *, clock: Clock = SYSTEM_CLOCK, connect: Connect = connect) -> None:
        self._clock = clock
        self._connect = connect
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._news = {stream: asyncio.Event() for stream in Stream}
        self._keeper = ClockKeeper(clock)
        self._patient_until = 0.0
        self._damage: asyncio.Future[None] | None = None
        self.recovery: Recovery | None = None

    async def open(
        self, folder: Path, *, policy: BufferPolicy, vehicle_id: str, tell: Tell | None = None
    ) -> None:
        """Open the store in `folder` and start the worker; errors are those of `open_store`."""
        loop = asyncio.get_running_loop()
        self._patient_until = self._clock.monotonic() + policy.clock_patience_seconds
        self._damage = loop.create_future()
        opened: Future[Recovery | None] = Future()

        def begin() -> None:
            try:
                result = open_store(
                    folder,
                    policy=policy,
                    vehicle_id=vehicle_id,
                    now=self._clock.utc(),
                    connect=self._connect,
                    tell=tell,
                    machine_boot=machine_boot(),
                )
                proven = from_microseconds(result.store.clocks.proven_us())
                self._keeper.floor = max(self._keeper.floor, proven)
                result.store.note_clock(self._keeper.look(), now=self._clock.utc())
            except Exception as exc:  # noqa: BLE001 - handed to the caller through the future
                opened.set_exception(exc)
                return
            opened.set_result(result.recovery)
            self._work(result, loop)

        self._thread = threading.Thread(target=begin, name="buffer", daemon=True)
        self._thread.start()
        self.recovery = await asyncio.wrap_future(opened)
        self._tell_news()

    async def close(self) -> None:
        """Finish what was asked, then let go of the file."""
        if self._thread is not None:
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        """Store captured things durably; BufferFullError when nothing of them was stored.

        `octets` says where the recorder keeps what they were decoded from.
        """
        reading = self._keeper.look()
        rows = pack_rows(contents, captured_at=self._clock.utc(), octets=octets)

        def append(store: ObservationStore) -> tuple[Appended, frozenset[Stream]]:
            # What gave way for these rows is told in a lane of its own.
            return store.append(rows, reading), store.take_grown()

        appended, grown = await self._ask(append, writes=True)
        self._tell_news(grown)
        return appended

    async def claim(
        self,
        *,
        limit: int,
        octets: int,
        streams: Iterable[Stream] = Stream,
        backlog: bool = True,
    ) -> Claim | None:
        """Take rows of some lanes for a batch; None when nothing of them waits.

        `backlog`: also what an outage left behind.
        """
        waits = self._clock.monotonic() < self._patient_until
        reading, now = self._keeper.look(), self._clock.utc()

        def act(store: ObservationStore) -> Claim | None:
            store.note_clock(reading, now=now)
            return store.claim(
                limit=limit,
                octets=octets,
                now=now,
                streams=streams,
                backlog=backlog,
                waits=waits,
            )

        claim: Claim | None = await self._ask(act)
        return claim

    async def claim_behind(
        self, stream: Stream, *, limit: int, octets: int, least: int
    ) -> Claim | None:
        """Take rows of a lane's backlog, at least `least` of which wait, to write them ahead."""
        waits = self._clock.monotonic() < self._patient_until
        reading, now = self._keeper.look(), self._clock.utc()

        def act(store: ObservationStore) -> Claim | None:
            store.note_clock(reading, now=now)
            return store.claim_behind(
                stream, limit=limit, octets=octets, least=least, now=now, waits=waits
            )

        claim: Claim | None = await self._ask(act)
        return claim

    async def prepare(self, batch_ids: Sequence[UUID], rows: PreparedRows) -> bool:
        """Keep what was written ahead of these claims until it is sent; False: they are not out."""
        done: bool = await self._ask(lambda store: store.prepare(batch_ids, rows))
        return done

    def unread(self, batch_id: UUID) -> None:
        """Nothing came of a claim of `claim_behind`: its rows wait again. Returns at once."""
        if self._thread is not None:
            answer = asyncio.get_running_loop().create_future()
            self._jobs.put(Job(lambda store: store.unread(batch_id), answer))

    async def read_window(self, window: WaveformWindow, *, after: int, limit: int) -> WindowPart:
        """Some waveforms of a window, out of their turn; go on from the part's `after`."""
        part: WindowPart = await self._ask(
            lambda store: store.read_window(window, after=after, limit=limit)
        )
        return part

    async def settle(self, ack: UplinkAck) -> Settled:
        """The cloud has it: free the rows, keep the refused ones in quarantine."""
        settled: Settled = await self._ask(
            lambda store: store.settle(ack, now=self._clock.utc()), writes=True, frees=True
        )
        return settled

    async def settle_through(self, stream: Stream, boot_epoch: int, sequence: int) -> Settled:
        """The cloud has every row of a lane and epoch up to and with `sequence`: free them.

        Rows it refused must have been quarantined by their batch's acknowledgement before.
        """
        settled: Settled = await self._ask(
            lambda store: store.settle_through(stream, boot_epoch, sequence),
            writes=True,
            frees=True,
        )
        return settled

    async def note_clock(self) -> ClockReading:
        """Look at the clock; when the right time is known, rows that waited for it are news."""
        reading, now = self._keeper.look(), self._clock.utc()
        if await self._ask(lambda store: store.note_clock(reading, now=now)):
            self._tell_news()
        return reading

    @property
    def keeper(self) -> ClockKeeper:
        """Knows the time as far as anybody does; for the event loop's thread."""
        return self._keeper

    @property
    def clock_quality(self) -> ClockQuality:
        """How far the wall clock can be trusted now."""
        return self._keeper.look().quality

    def learn_time(self, utc: datetime, *, within_seconds: float) -> None:
        """The cloud says what time it is (aware), give or take `within_seconds`."""
        self._keeper.learn(utc, within_seconds=within_seconds)

    async def quarantine(self, batch_id: UUID, reason: str) -> Settled:
        """Take a claim out of the way for good."""
        settled: Settled = await self._ask(
            lambda store: store.quarantine(batch_id, reason, now=self._clock.utc()),
            writes=True,
            frees=True,
        )
        return settled

    def give_back(self, batch_id: UUID) -> None:
        """Give a claim back, to be sent again under the same name. Returns at once."""
        if self._thread is not None:
            answer = asyncio.get_running_loop().create_future()
            self._jobs.put(Job(lambda store: store.requeue(batch_id), answer))
            self._tell_news()

    async def split(self, batch_id: UUID) -> bool:
        """Give a claim back as two; False when it has one row only."""
        split: bool = await self._ask(lambda store: store.split(batch_id))
        self._tell_news()
        return split

    async def counts(self) -> BufferCounts:
        """How the store stands."""
        counts: BufferCounts = await self._ask(lambda store: store.counts())
        return counts

    async def wait_for_rows(self, stream: Stream) -> None:
        """Return when rows of a lane may have come since the last call for it returned."""
        await self._news[stream].wait()
        self._news[stream].clear()

    def _tell_news(self, streams: Iterable[Stream] = Stream) -> None:
        for stream in streams:
            self._news[stream].set()

    async def run_until_damaged(self) -> None:
        """Wait for ever; BufferDamagedError when the file cannot be trusted any more."""
        if self._damage is not None:
            await asyncio.shield(self._damage)

    async def _ask(
        self, act: Callable[[ObservationStore], T], *, writes: bool = False, frees: bool = False
    ) -> T:
        if self._thread is None:
            raise BufferFaultError("the buffer is closed")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._jobs.put(Job(act, answer, writes, frees))
        try:
            return await answer
        except asyncio.CancelledError:
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                self._unheard(answer.result())
            raise

    def _unheard(self, value: object) -> None:
        """Whoever asked has gone: what was claimed for it waits for the next."""
        if isinstance(value, Claim):
            self.give_back(value.batch_id)

    # ---- the worker thread

    def _work(self, opened: OpenedStore, loop: asyncio.AbstractEventLoop) -> None:
        store, ending = opened.store, False
        while not ending:
            jobs: list[Job] = []
            job = self._jobs.get()
            while True:
                if job is None:
                    ending = True
                    break
                # A caller that gave up may still have its rows stored: that is harmless.
                if job.writes or not job.answer.cancelled():
                    jobs.append(job)
                if len(jobs) >= MOST_IN_ONE_COMMIT:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            outcomes = run_jobs(store, jobs, self._clock.utc)
            with suppress(RuntimeError):  # nobody is left to answer: the loop has gone
                loop.call_soon_threadsafe(self._answer, outcomes)
            if any(job.frees for job in jobs):
                attempt(store.room.regain_reserve)
        try:
            store.close()
        except BufferFaultError as exc:
            log.warning("buffer closed badly reason=%r", str(exc))

    def _answer(self, outcomes: Sequence[tuple[Job, Outcome]]) -> None:
        for job, (value, error) in outcomes:
            if isinstance(error, BufferDamagedError) and self._damage and not self._damage.done():
                self._damage.set_exception(error)
            if job.answer.done():
                self._unheard(value)
            elif error is None:
                job.answer.set_result(value)
            else:
                job.answer.set_exception(error)
