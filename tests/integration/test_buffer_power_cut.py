"""Power goes at every single moment of a run: nothing confirmed is missing, and it always goes on.

The store runs over a disk that forgets what was not synced. For every write, sync and removal of
the run the disk is rebuilt as a power cut right after it leaves it, with nothing, everything and a
scattering of what was not synced, and the store is opened over that by the product's own binding.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import pytest

from edge.buffer.claims import Claim
from edge.buffer.database import Connect, connect
from edge.buffer.packing import pack_rows
from edge.buffer.policy import PAGE_OCTETS, BufferPolicy
from edge.buffer.recovery import FILE_NAME, open_store
from edge.buffer.rows import Stream
from edge.buffer.schema import downgrade, form_of
from edge.buffer.store import ObservationStore
from edge.clock import ClockQuality, ClockReading
from edge.pipeline.happenings import teller_of
from protocols.model.observation import SampleArrayObservation
from protocols.uplink.codec import decode_row
from protocols.uplink.messages import Content, identity_of
from tests.fixtures.forgetful_disk import Act, Disk, Keeps, Note, mounted
from tests.fixtures.kept_rows import rows_in
from tests.unit.edge.making import NOON, OXIMETER, ack_of, alarm, ecg, spo2

POLICY: Final = BufferPolicy(
    max_bytes=96 * PAGE_OCTETS, quota_reserve_bytes=8 * PAGE_OCTETS, disk_reserve_bytes=0
)
SYNCHRONISED: Final = ClockReading(0, ClockQuality.SYNCHRONISED, 0, is_proven=True)
MAKERS: Final[tuple[Callable[[int], Content], ...]] = (spo2, ecg, alarm)
EVERYTHING: Final[Keeps] = lambda _name, _sector: True  # noqa: E731 - a value
NOTHING: Final[Keeps] = lambda _name, _sector: False  # noqa: E731 - a value


@dataclass(frozen=True, slots=True)
class Began:
    """These readings were handed to the store."""

    contents: frozenset[Content]


@dataclass(frozen=True, slots=True)
class Confirmed(Began):
    """The device was told that they are safe."""


@dataclass(frozen=True, slots=True)
class Leaving(Began):
    """The cloud has them: they may go from now on."""


@dataclass(frozen=True, slots=True)
class Gone(Began):
    """They are out of the store for good."""


@dataclass(slots=True)
class Ledger:
    """What may, and what must, be in the store at a moment."""

    began: set[Content] = field(default_factory=set)
    confirmed: set[Content] = field(default_factory=set)
    leaving: set[Content] = field(default_factory=set)
    gone: set[Content] = field(default_factory=set)
    epochs: int = 0
    may_thin: bool = False

    @classmethod
    def at(cls, acts: Iterable[Act]) -> Ledger:
        """As it stood after these acts."""
        ledger = cls()
        for act in acts:
            match act:
                case Note(Gone(contents)):
                    ledger.gone |= contents
                case Note(Leaving(contents)):
                    ledger.leaving |= contents
                case Note(Confirmed(contents)):
                    ledger.confirmed |= contents
                case Note(Began(contents)):
                    ledger.began |= contents
                case Note("thinning"):
                    ledger.may_thin = True
                case Note(int(epoch)):
                    ledger.epochs = epoch
        return ledger


@dataclass(slots=True)
class Run:
    """A store over the forgetful disk that tells the disk what it promises."""

    disk: Disk
    store: ObservationStore
    number: int = 0

    def append(self, *makers: Callable[[int], Content]) -> None:
        contents = []
        for make in makers:
            self.number += 1
            contents.append(make(self.number))
        self.disk.note(Began(frozenset(contents)))
        with self.store.transaction():
            self.store.append(pack_rows(contents, captured_at=NOON, octets="line-1@0+58"))
        self.disk.note(Confirmed(frozenset(contents)))

    def claim(self, stream: Stream) -> Claim:
        claim = self.store.claim(limit=3, octets=1 << 20, now=NOON, streams=[stream])
        assert claim is not None
        return claim

    def settle(self, stream: Stream, *, refuse: bool = False) -> None:
        claim = self.claim(stream)
        refused = claim.rows[:1] if refuse else ()
        left = frozenset(row.content for row in claim.rows if row not in refused)
        self.disk.note(Leaving(left))
        with self.store.transaction():
            self.store.settle(ack_of(claim, *(row.sequence for row in refused)), now=NOON)
        self.disk.note(Gone(left))

    def settle_through(self, stream: Stream) -> None:
        claim = self.claim(stream)
        contents = frozenset(row.content for row in claim.rows)
        self.disk.note(Leaving(contents))
        with self.store.transaction():
            self.store.settle_through(stream, claim.boot_epoch, claim.rows[-1].sequence)
        self.disk.note(Gone(contents))

    def fill(self) -> None:
        """Waveforms until some give way."""
        self.disk.note("thinning")
        while "thinned" not in self.store.counts().totals:
            self.append(*[ecg] * 8)


def begun(disk: Disk, folder: Path, opener: Connect, number: int) -> Run:
    store = open_store(
        folder,
        policy=POLICY,
        vehicle_id="v",
        now=NOON,
        connect=opener,
        tell=teller_of(OXIMETER),
    ).store
    disk.note(store.boot_epoch)
    return Run(disk, store, number)


def a_small_run(folder: Path) -> Disk:
    """Two starts: readings, receipts of every kind, a refused row, a proven clock, a clean end."""
    disk = Disk()
    with mounted(disk) as opener:
        run = begun(disk, folder, opener, 0)
        run.append(spo2, ecg, alarm)
        run.append(spo2, spo2)
        run.settle(Stream.EVENTS)
        run.append(spo2)
        run.store.note_clock(SYNCHRONISED, now=NOON)
        run.settle(Stream.NUMERICS, refuse=True)
        run.append(ecg, spo2)
        run.store.close()
        run = begun(disk, folder, opener, run.number)
        run.append(spo2, alarm)
        run.settle_through(Stream.WAVEFORMS)
        run.append(spo2)
    return disk


def a_long_run(folder: Path, seed: int) -> Disk:
    """Starts, ends, floods that thin waveforms out and checkpoint the log, receipts, by chance."""
    chance, disk = random.Random(seed), Disk()  # noqa: S311 - no secret
    with mounted(disk) as opener:
        number = 0
        for _ in range(3):
            run = begun(disk, folder, opener, number)
            for _ in range(12):
                match chance.randrange(5):
                    case 0 | 1:
                        run.append(*chance.choices(MAKERS, k=chance.randint(1, 6)))
                    case 2:
                        run.append(spo2)
                        run.settle(Stream.NUMERICS, refuse=chance.random() < 0.3)
                    case 3:
                        run.append(ecg)
                        run.settle_through(Stream.WAVEFORMS)
                    case _:
                        run.store._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if chance.random() < 0.5:
                run.fill()
            number = run.number
            run.store.close()
    return disk


def scattered(seed: int) -> Keeps:
    """Each sector by chance; the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    return lambda _name, _sector: chance.random() < 0.5


def cuts(disk: Disk, *, seeds: int, every: int = 1) -> Iterator[tuple[int, dict[str, bytes]]]:
    """Every different state that power cuts can leave, with the acts before it."""
    seen: set[bytes] = set()
    for acts in range(0, len(disk.acts) + 1, every):
        notes = sum(isinstance(act, Note) for act in disk.acts[:acts])
        ways = [NOTHING, EVERYTHING, *(scattered(acts * 100 + seed) for seed in range(seeds))]
        for keeps in ways:
            files = disk.after_cut(acts, keeps)
            content = b"".join(name.encode() + files[name] for name in sorted(files))
            digest = hashlib.sha256(content + bytes([notes % 256])).digest()
            if digest not in seen:
                seen.add(digest)
                yield acts, files


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """In memory where the machine has that: a cut is opened a thousand times."""
    shared = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
    with tempfile.TemporaryDirectory(dir=shared if shared.is_dir() else None) as name:
        yield Path(name)


def check_cut(folder: Path, files: dict[str, bytes], ledger: Ledger) -> None:
    """Conservation and liveness over one state of the disk."""
    for part in folder.iterdir():
        part.unlink()
    for name, octets in files.items():
        if not name.endswith("-shm"):
            (folder / name).write_bytes(octets)
    opened = open_store(folder, policy=POLICY, vehicle_id="v", now=NOON, tell=teller_of(OXIMETER))
    store = opened.store
    assert opened.recovery is None, "a power cut damages nothing"
    assert store.boot_epoch > ledger.epochs
    held = contents_of(store)
    assert len(held) == len(set(held)), "nothing twice"
    readings = {item for item in held if identity_of(item) is not None and not is_told(item)}
    assert readings <= ledger.began, "nothing is invented"
    assert not readings & ledger.gone, "nothing comes back"
    missing = ledger.confirmed - ledger.leaving - readings
    if ledger.may_thin:
        missing = {item for item in missing if not isinstance(item, SampleArrayObservation)}
    assert not missing, "nothing that was confirmed is missing"
    go_on(store)
    store.close()


def is_told(content: Content) -> bool:
    return getattr(content, "text", "") != ""


def contents_of(store: ObservationStore) -> list[Content]:
    """Everything in the file, the quarantine too, read past lanes and claims."""
    waiting = [row.body for _, row in rows_in(store._database)]
    set_apart = store._database.execute("SELECT body FROM quarantine").fetchall()
    return [decode_row(body).content for body in (*waiting, *(row[0] for row in set_apart))]


def go_on(store: ObservationStore) -> None:
    """A new reading is taken, and everything goes up."""
    fresh = replace(spo2(900_000), observed_at=spo2(900_000).observed_at)
    with store.transaction():
        assert store.append(pack_rows([fresh], captured_at=NOON)).stored == 1
    waiting = sum(store.counts().waiting.values())
    while (claim := store.claim(limit=50, octets=1 << 20, now=NOON)) is not None:
        with store.transaction():
            waiting -= store.settle(ack_of(claim), now=NOON).settled
    assert waiting == 0
    assert sum(store.counts().waiting.values()) == 0


def test_power_cut_at_every_moment_of_a_run(fast_folder: Path) -> None:
    disk = a_small_run(fast_folder)
    states = 0
    for acts, files in cuts(disk, seeds=1):
        check_cut(fast_folder, files, Ledger.at(disk.acts[:acts]))
        states += 1
    assert states > 200, f"{states} states of {len(disk.acts)} moments"


def test_the_disk_would_tell_a_store_that_does_not_sync(fast_folder: Path) -> None:
    """The proof itself is proven: without the syncs at commit, confirmed readings are lost."""
    disk = Disk()
    with mounted(disk) as opener:
        run = begun(disk, fast_folder, opener, 0)
        run.store._database.execute("PRAGMA synchronous = OFF")
        run.append(spo2)
        run.append(spo2)
    files = disk.after_cut(len(disk.acts), NOTHING)
    with pytest.raises(AssertionError, match="confirmed is missing"):
        check_cut(fast_folder, files, Ledger.at(disk.acts))


def test_power_cut_at_every_moment_of_the_way_back(fast_folder: Path) -> None:
    """Led back or not yet, the file is whole: of the one form or the other."""
    disk = Disk()
    with mounted(disk) as opener:
        run = begun(disk, fast_folder, opener, 0)
        run.append(spo2, ecg, alarm)
        run.append(alarm, spo2)
        run.store.close()
        before = len(disk.acts)
        with closing(opener(Path(FILE_NAME))) as database:
            downgrade(database, to=1)
    ledger = Ledger.at(disk.acts)
    forms = set()
    for acts, files in cuts(disk, seeds=1):
        if acts >= before:
            (fast_folder / FILE_NAME).write_bytes(files[FILE_NAME])
            for suffix in ("-wal", "-shm"):
                (fast_folder / f"{FILE_NAME}{suffix}").unlink(missing_ok=True)
            if f"{FILE_NAME}-wal" in files:
                (fast_folder / f"{FILE_NAME}-wal").write_bytes(files[f"{FILE_NAME}-wal"])
            with closing(connect(fast_folder / FILE_NAME)) as database:
                forms.add(form_of(database))
            check_cut(fast_folder, files, replace(ledger, epochs=0))
    assert forms == {1, 2, 3}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6))
def test_power_cuts_all_along_long_runs(fast_folder: Path, seed: int) -> None:
    disk = a_long_run(fast_folder, seed)
    # A stride that is prime, so that it falls on every kind of moment.
    for acts, files in cuts(disk, seeds=3, every=1 if len(disk.acts) < 400 else 37):
        check_cut(fast_folder, files, Ledger.at(disk.acts[:acts]))
