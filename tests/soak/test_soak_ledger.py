"""The soak's ledger finds what it is there to find."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from edge.buffer.buffer import ObservationBuffer
from edge.buffer.exporting import look
from edge.buffer.policy import BufferPolicy
from edge.buffer.rows import to_microseconds
from edge.buffer.thinning import Dropped
from edge.pipeline.happenings import dropped_in_words
from simulators.devices.registry import BY_NAME
from simulators.journal import Journal
from simulators.patient.scenario_files import find_scenario
from simulators.patient.vital_signs import Patient
from tests.soak.gave_way import GaveWay, without_reason
from tests.soak.kept import keep
from tests.soak.ledger import SoakLedger, draw_up
from tests.soak.plan import SHIFT_SECONDS, Trouble, shift_file, troubles
from tests.soak.stays import Encounter, Stays
from tests.unit.edge.making import spo2

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ("oximeter", "capnometer")
COLUMNS = (
    "observation_id TEXT, device_id TEXT, encounter_id TEXT, observed_at TEXT, "
    "captured_at TEXT, time_quality TEXT, text TEXT"
)

INSERTS = {
    "observations": "INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, NULL)",
    "waveforms": "INSERT INTO waveforms VALUES (?, ?, ?, ?, ?, ?, NULL)",
}


class Books:
    """Journals of two devices, and a store that holds the same until it is spoilt."""

    def __init__(self, folder: Path) -> None:
        self.journals = folder / "journals"
        self.database = folder / "store.sqlite3"
        with sqlite3.connect(self.database) as store:
            store.execute("CREATE TABLE devices (device_id TEXT, system_id TEXT)")
            for table in ("observations", "waveforms"):
                store.execute(f"CREATE TABLE {table} ({COLUMNS})")
            for name in NAMES:
                self._fill(store, name)

    def _fill(self, store: sqlite3.Connection, name: str) -> None:
        kind = BY_NAME[name]
        device = kind.make(kind.identity, Patient(seed=1, scenario=find_scenario("stable")))
        journal = Journal.open(self.journals / f"{name}.jsonl")
        system = kind.identity.info.system_id.hex
        store.execute("INSERT INTO devices VALUES (?, ?)", (name, system))
        for report in device.reports(START):
            if report.due > 20:
                break
            at = START + timedelta(seconds=report.due)
            for reading in report.readings:
                journal.made(reading.observation, live=report.live, at=at)
                table = "waveforms" if report.live else "observations"
                one = reading.observation
                observed = one.observed_at.at.replace(tzinfo=None).isoformat(sep=" ")
                row = (one.observation_id.hex, name, "enc_1", observed, observed, "device")
                store.execute(INSERTS[table], row)
            journal.about("confirmed", report.ids, at=at)
        journal.close()

    def spoil(self, statement: str, table: str = "observations") -> None:
        """Do it to the first row of a table."""
        first = f" WHERE observation_id = (SELECT MIN(observation_id) FROM {table})"  # noqa: S608 - ours
        with sqlite3.connect(self.database) as store:
            assert store.execute(statement + first).rowcount == 1

    def tell(self, stretches: int, first: float, last: float) -> None:
        """The gateway says that so many stretches made room."""
        first_us, last_us = (
            to_microseconds(START + timedelta(seconds=one)) for one in (first, last)
        )
        dropped = Dropped(
            is_thinned=False, rows=stretches, octets=9, first_us=first_us, last_us=last_us
        )
        text = dropped_in_words(dropped)
        with sqlite3.connect(self.database) as store:
            store.execute(
                "INSERT INTO observations (device_id, text) VALUES ('gateway', ?)", (text,)
            )

    def ledger(
        self,
        kept: frozenset[str] = frozenset(),
        gave_way: int = 0,
        released: tuple[float, float] | None = None,
        **seconds: Sequence[tuple[float, float]],
    ) -> SoakLedger:
        return draw_up(
            self.journals,
            self.database,
            [Encounter("enc_1", -10.0, 100.0, released)],
            start_at=START,
            tolerance=1.0,
            devices=NAMES,
            kept=kept,
            gave_way=gave_way,
            **seconds,
        )


def test_books_that_agree_reconcile(tmp_path: Path) -> None:
    ledger = Books(tmp_path).ledger()
    assert ledger.reconciles, list(ledger.lines())
    assert ledger.made == ledger.stored == ledger.confirmed > 50
    assert not ledger.wrong_time


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DELETE FROM observations", "lost"),
        ("INSERT INTO observations SELECT * FROM observations", "twice"),
        ("UPDATE observations SET observation_id = '00'", "invented"),
        ("UPDATE observations SET encounter_id = 'enc_2'", "wrong_patient"),
        ("UPDATE observations SET encounter_id = NULL", "wrong_patient"),
    ],
)
def test_one_row_that_is_wrong_is_found(tmp_path: Path, statement: str, found: str) -> None:
    books = Books(tmp_path)
    books.spoil(statement)
    ledger = books.ledger()
    assert not ledger.reconciles
    what = getattr(ledger, found)
    assert (what if isinstance(what, int) else len(what)) == 1
    assert list(ledger.lines())


def test_a_time_that_is_off_is_found(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.spoil("UPDATE observations SET observed_at = '2026-03-01 12:01:30'")
    assert len(books.ledger().wrong_time) == 1
    excused = books.ledger(excused=[(-5.0, 25.0)])
    assert not excused.wrong_time
    assert excused.off_while_clock_was_wrong == 1


def test_a_live_stretch_is_lost_in_a_trouble_and_never_else(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.spoil("DELETE FROM waveforms", "waveforms")
    ledger = books.ledger()
    assert ledger.live_lost_in_transit == 1
    assert len(ledger.live_lost_for_no_reason) == 1
    assert not ledger.reconciles
    excused = books.ledger(troubled=[(-5.0, 25.0)])
    assert (excused.live_lost_in_transit, excused.live_lost_for_no_reason) == (1, [])
    assert excused.reconciles


def test_what_the_gateway_told_to_have_dropped_is_a_reason_for_so_many_and_no_more(
    tmp_path: Path,
) -> None:
    books = Books(tmp_path)
    for _ in range(2):
        books.spoil("DELETE FROM waveforms", "waveforms")
    books.tell(1, -1.0, 25.0)
    ledger = books.ledger(gave_way=1)
    assert (ledger.live_gave_way, len(ledger.live_lost_for_no_reason)) == (1, 1)
    books.tell(1, -1.0, 25.0)
    ledger = books.ledger(gave_way=2)
    assert (ledger.live_gave_way, ledger.live_lost_for_no_reason) == (2, [])
    assert ledger.reconciles
    untold = books.ledger(gave_way=3)
    assert (untold.gave_way, untold.told_to_give_way) == (3, 2)
    assert not untold.reconciles


def test_a_drop_of_another_time_is_no_reason(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.spoil("DELETE FROM waveforms", "waveforms")
    books.tell(9, 60.0, 80.0)
    assert len(books.ledger().live_lost_for_no_reason) == 1
    assert not books.ledger(excused=[(-5.0, 70.0)]).live_lost_for_no_reason


def test_each_lost_stretch_takes_the_drop_that_ends_first() -> None:
    told = [GaveWay(1, 0.0, 100.0), GaveWay(1, 0.0, 10.0), GaveWay(1, 5.0, 20.0)]
    lost = [(at, f"{at:.0f}") for at in (50.0, 5.0, 6.0)]
    assert without_reason(lost, told) == []
    assert without_reason([*lost, (7.0, "7"), (101.0, "101")], told) == ["50", "101"]


def test_a_drop_told_in_words_the_soak_does_not_know_is_an_error(tmp_path: Path) -> None:
    books = Books(tmp_path)
    books.spoil("UPDATE observations SET text = 'no room in the buffer: all went'")
    with pytest.raises(ValueError, match="other words"):
        books.ledger()


def test_what_is_charted_to_a_patient_after_the_release_is_at_the_wrong_patient(
    tmp_path: Path,
) -> None:
    books = Books(tmp_path)
    ledger = books.ledger(released=(9.0, 10.0))
    assert len(ledger.wrong_patient) == ledger.after_release > 20
    assert ledger.wrong_patient[0].endswith("is at enc_1, belongs to None")
    assert not ledger.reconciles
    with sqlite3.connect(books.database) as store:
        for table in ("observations", "waveforms"):
            store.execute(
                f"UPDATE {table} SET encounter_id = NULL "  # noqa: S608 - ours
                "WHERE observed_at > '2026-03-01 12:00:09.5'"
            )
    charted_right = books.ledger(released=(9.0, 10.0))
    assert charted_right.reconciles, list(charted_right.lines())
    assert charted_right.after_release == ledger.after_release
    assert not books.ledger().reconciles, "nobody was released: these belong to somebody"


def test_only_around_a_release_a_reading_may_be_anybodys() -> None:
    stays = Stays([Encounter("one", 0.0, 100.0, (50.0, 52.0)), Encounter("two", 110.0, 200.0)], 4.0)
    assert stays.right(45.9) == {"one"}
    assert stays.right(46.0) == stays.right(56.0) == {"one", None}
    assert stays.right(56.1) == stays.right(105.0) == {None}
    assert stays.right(150.0) == {"two"}
    assert [stays.is_after_release(t) for t in (45.0, 56.0, 57.0, 105.0, 150.0)] == [
        *(False, False, True, False, False)
    ]
    wrong_clock = Stays(stays.encounters, 4.0, [(30.0, 48.0), (150.0, 160.0)])
    assert wrong_clock.right(30.0) == {"one", None}
    assert wrong_clock.right(29.0) == {"one"}


@pytest.mark.parametrize("table", ["observations", "waveforms"])
def test_what_still_lies_on_board_is_not_lost_and_nothing_to_be_content_with(
    tmp_path: Path, table: str
) -> None:
    books = Books(tmp_path)
    with sqlite3.connect(books.database) as store:
        (one,) = store.execute(f"SELECT MIN(observation_id) FROM {table}").fetchone()  # noqa: S608 - ours
    books.spoil(f"DELETE FROM {table}", table)  # noqa: S608 - ours
    ledger = books.ledger(kept=frozenset({one}))
    assert (ledger.on_board, ledger.lost, ledger.live_lost_in_transit) == (1, [], 0)
    assert ledger.confirmed == ledger.stored + (table == "observations")
    assert not ledger.reconciles


async def test_what_a_stopped_gateway_holds_is_kept_and_told(tmp_path: Path) -> None:
    gateway, rows = tmp_path / "gateway", [spo2(1), spo2(2)]
    gateway.mkdir()
    buffer = ObservationBuffer()
    await buffer.open(gateway, policy=BufferPolicy(disk_reserve_bytes=0), vehicle_id="medic-7")
    await buffer.append(rows)
    await buffer.close()
    with sqlite3.connect(gateway / "buffer.db") as file:
        file.execute("INSERT OR REPLACE INTO totals VALUES ('thinned', 3), ('dropped', 3)")
    kept = keep(gateway, tmp_path / "kept")
    shutil.rmtree(gateway)
    assert kept.waiting == {row.observation_id.hex for row in rows}
    assert sum(look(kept.folder).waiting.values()) == 2
    assert "2 readings that wait for the cloud, 0 in quarantine" in "".join(kept.lines())
    assert kept.gave_way == 6
    assert not list(keep(gateway, tmp_path / "nothing").lines())


@pytest.mark.parametrize("seconds", [400.0, 3600.0, SHIFT_SECONDS])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_kind_of_trouble_comes_and_ends_within_the_shift(seconds: float, seed: int) -> None:
    plan = troubles(seconds, seed)
    assert {one.kind for one in plan} == set(Trouble)
    assert all(one.at > 0 and one.at + one.lasts < seconds for one in plan)
    assert [one.at for one in plan] == sorted(one.at for one in plan)
    assert plan == troubles(seconds, seed)


@pytest.mark.parametrize("seconds", [400.0, 2400.0, SHIFT_SECONDS])
def test_a_shift_of_any_length_has_several_patients(tmp_path: Path, seconds: float) -> None:
    scenario = find_scenario(shift_file(tmp_path / "shift.toml", seconds))
    assert scenario.seconds == pytest.approx(seconds, abs=1)
    assert len(scenario.calls) >= 2
