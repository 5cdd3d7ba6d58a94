"""What the devices made against what the cloud stored, reading by reading, patient by patient."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from simulators.ambulance.vehicle import USUAL_DEVICES
from simulators.devices.registry import BY_NAME
from simulators.journal import DeviceRecord, MadeReading
from tests.soak.gave_way import told_drops, without_reason
from tests.soak.stays import Encounter, Stays

_SHOWN: Final = 8
_LISTS: Final = ("lost", "invented", "wrong_patient", "wrong_time", "live_lost_for_no_reason")
_TABLES: Final = ("observations", "waveforms")


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row of the cloud."""

    encounter_id: str | None
    observed_at: datetime
    captured_at: datetime
    quality: str


@dataclass(slots=True)
class SoakLedger:
    """The verdict. Live samples may be lost while a wire or the gateway is away, or where the
    gateway told that they made room for numbers, and as many as it told: else never.

    `gave_way`: stretches that made room in the gateway's buffer; `told_to_give_way`: of how many of
    them it told the cloud; `live_gave_way`: how many lost ones that accounts for. `on_board`:
    readings that still lie in the gateway's buffer; `latest_made`: by how many seconds of the shift
    the simulated devices were behind their own clocks, on a machine that is too slow.
    """

    given_up: str = ""
    made: int = 0
    confirmed: int = 0
    stored: int = 0
    live_made: int = 0
    live_stored: int = 0
    live_unheard: int = 0
    live_lost_in_transit: int = 0
    live_gave_way: int = 0
    gave_way: int = 0
    told_to_give_way: int = 0
    live_lost_for_no_reason: list[str] = field(default_factory=list)
    latest_made: float = 0.0
    on_board: int = 0
    lost: list[str] = field(default_factory=list)
    invented: list[str] = field(default_factory=list)
    twice: int = 0
    wrong_patient: list[str] = field(default_factory=list)
    after_release: int = 0
    wrong_time: list[str] = field(default_factory=list)
    off_while_clock_was_wrong: int = 0
    qualities: Counter[str] = field(default_factory=Counter)

    def hold(self, reading: MadeReading, record: DeviceRecord) -> None:
        """Count a reading that is still on board."""
        self.on_board += 1
        if reading.live:
            self.live_made += 1
            return
        self.made += 1
        self.confirmed += reading.observation_id in record.confirmed_at

    @property
    def reconciles(self) -> bool:
        """0 lost, 0 invented, 0 twice, 0 at the wrong patient, and something was made."""
        wrong = self.twice or self.on_board or self.given_up
        wrong = wrong or self.told_to_give_way < self.gave_way
        wrong = wrong or any(getattr(self, name) for name in _LISTS)
        return not wrong and self.made > 0 and self.live_stored > 0

    def lines(self) -> Iterator[str]:
        """For people."""
        yield f"made {self.made:,}, confirmed {self.confirmed:,}, stored {self.stored:,}"
        yield (
            f"live stretches made {self.live_made:,}, unheard {self.live_unheard:,}, "
            f"stored {self.live_stored:,}, lost in transit {self.live_lost_in_transit:,}, "
            f"of these {self.live_gave_way:,} told to have made room for numbers away from any "
            f"trouble, {len(self.live_lost_for_no_reason):,} for no reason"
        )
        yield (
            f"{self.gave_way:,} live stretches gave way in the buffer when the disk was full, "
            f"{self.told_to_give_way:,} of them told to the cloud"
        )
        yield (
            f"{len(self.lost)} lost, {self.on_board} still on board, {self.twice} twice, "
            f"{len(self.invented)} invented, {len(self.wrong_patient)} at the wrong patient, "
            f"{len(self.wrong_time)} at a wrong time, {self.off_while_clock_was_wrong} off while "
            "the gateway's clock was wrong"
        )
        yield f"{self.after_release:,} readings were made after the crew had released their patient"
        yield f"time qualities: {dict(self.qualities)}"
        yield f"devices were up to {self.latest_made:.1f} s of the shift behind their own clocks"
        for name in _LISTS:
            for line in getattr(self, name)[:_SHOWN]:
                yield f"   {name}: {line}"


def draw_up(
    journals: Path,
    database: Path,
    encounters: Sequence[Encounter],
    *,
    start_at: datetime,
    tolerance: float,
    excused: Sequence[tuple[float, float]] = (),
    troubled: Sequence[tuple[float, float]] = (),
    kept: frozenset[str] = frozenset(),
    gave_way: int = 0,
    devices: Sequence[str] = USUAL_DEVICES,
) -> SoakLedger:
    """Journals against rows.

    `tolerance`: seconds that a time of observation may be off. `excused`: seconds of the shift in
    which the gateway's clock was wrong: what it captured then may be off, and is counted.
    `troubled`: seconds in which something was away, killed or full: live samples are lost then.
    `kept`: ids of what still lies on board; `gave_way`: stretches that made room there.
    """
    ledger = SoakLedger(gave_way=gave_way)
    away_from_trouble: list[tuple[float, str]] = []
    stays = Stays(encounters, tolerance, excused)
    rows, ledger.twice = _rows(database)
    for name in devices:
        record = DeviceRecord.read(name, journals / f"{name}.jsonl")
        ahead = BY_NAME[name].identity.clock.ahead
        for reading in record.made.values():
            row = rows.pop(reading.observation_id.hex, None)
            made_at = (reading.made_at - start_at).total_seconds()
            true_at = datetime.fromisoformat(reading.device_time) - ahead
            late = (reading.made_at.replace(tzinfo=None) - true_at).total_seconds()
            ledger.latest_made = max(ledger.latest_made, late)
            if row is None and reading.observation_id.hex in kept:
                ledger.hold(reading, record)
                continue
            _count(ledger, record, reading, row)
            if row is None:
                is_heard = reading.live and reading.observation_id not in record.unheard
                if is_heard and not any(a <= made_at <= b for a, b in troubled):
                    away_from_trouble.append((made_at, f"{name} made {reading.made_at}"))
            else:
                t = (true_at - start_at.replace(tzinfo=None)).total_seconds()
                what = f"{name} {reading.type} of second {t:.2f}"
                captured = (row.captured_at - start_at.replace(tzinfo=None)).total_seconds()
                is_excused = any(begin <= captured <= end for begin, end in excused)
                _compare_times(ledger, what, row, true_at, tolerance, is_excused=is_excused)
                observed = (row.observed_at - start_at.replace(tzinfo=None)).total_seconds()
                times = (t, observed) if is_excused else (t,)
                _compare_patients(ledger, what, row, times, stays)
    ledger.invented = [f"row {one} was made by no device" for one in rows]
    told = told_drops(database, start_at=start_at, tolerance=tolerance, excused=excused)
    ledger.told_to_give_way = sum(one.stretches for one in told)
    ledger.live_lost_for_no_reason = without_reason(away_from_trouble, told)
    ledger.live_gave_way = len(away_from_trouble) - len(ledger.live_lost_for_no_reason)
    return ledger


def _rows(database: Path) -> tuple[dict[str, StoredRow], int]:
    """The devices' rows by observation id, and how many ids there are twice."""
    rows: dict[str, StoredRow] = {}
    twice = 0
    ours = {kind.identity.info.system_id.hex.upper() for kind in BY_NAME.values()}
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as store:
        known = {
            device: system.upper()
            for device, system in store.execute("SELECT device_id, system_id FROM devices")
        }
        for table in _TABLES:
            for one, device, encounter, observed, captured, quality in store.execute(
                "SELECT observation_id, device_id, encounter_id, observed_at, captured_at, "  # noqa: S608 - our own table names
                f"time_quality FROM {table}"
            ):
                if known.get(device) not in ours:
                    continue  # what the gateway itself has to say
                twice += one in rows
                times = datetime.fromisoformat(observed), datetime.fromisoformat(captured)
                rows[one] = StoredRow(encounter, *times, quality)
    return rows, twice


def _count(
    ledger: SoakLedger,
    record: DeviceRecord,
    reading: MadeReading,
    row: StoredRow | None,
) -> None:
    one: UUID = reading.observation_id
    if reading.live:
        ledger.live_made += 1
        ledger.live_stored += row is not None
        if row is None:
            unheard = one in record.unheard
            ledger.live_unheard += unheard
            ledger.live_lost_in_transit += not unheard
        return
    ledger.made += 1
    ledger.confirmed += one in record.confirmed_at
    ledger.stored += row is not None
    if row is None:
        told = "confirmed" if one in record.confirmed_at else "never confirmed"
        ledger.lost.append(
            f"{record.name} {reading.type} of {reading.device_time}, {told}, made {reading.made_at}"
        )


def _compare_times(
    ledger: SoakLedger,
    what: str,
    row: StoredRow,
    true_at: datetime,
    tolerance: float,
    *,
    is_excused: bool,
) -> None:
    ledger.qualities[row.quality] += 1
    off = (row.observed_at.replace(tzinfo=None) - true_at).total_seconds()
    if abs(off) > tolerance and is_excused:
        ledger.off_while_clock_was_wrong += 1
    elif abs(off) > tolerance:
        ledger.wrong_time.append(f"{what} is {off:+.1f} s off ({row.quality})")


def _compare_patients(
    ledger: SoakLedger, what: str, row: StoredRow, times: Sequence[float], stays: Stays
) -> None:
    """`times`: the true second, and the stored one where that may be another."""
    right = frozenset().union(*map(stays.right, times))
    ledger.after_release += all(map(stays.is_after_release, times))
    if row.encounter_id not in right:
        ledger.wrong_patient.append(
            f"{what} is at {row.encounter_id}, belongs to {' or '.join(sorted(map(str, right)))}"
        )
