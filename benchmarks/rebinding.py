"""A hundred thousand readings change hands: claimed, moved, put back, and shown in the tray.

On PostgreSQL and on SQLite. Run by `make bench`; take figures as ratios.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from cloud.core.encounters.claiming import claim_readings
from cloud.core.encounters.rebinding import Move, move_readings
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.tray import Tray, TrayFilter
from cloud.core.kernel.work import UnitOfWork, utc_now
from tests.fixtures.cloud import DEFIBRILLATOR, OXIMETER, numeric, waveform
from tests.fixtures.served_cloud import ServedCloud, installed_cloud
from tests.postgres import PostgresServer, running_server

READINGS = 100_000
STRIPS = 2_000
LOT = 5_000
VEHICLE = "AMB-7"


def main() -> None:
    """Both databases."""
    with running_server(durable=True) as server, tempfile.TemporaryDirectory() as folder:
        stores: tuple[tuple[str, PostgresServer | None], ...] = (
            ("postgresql", server),
            ("sqlite", None),
        )
        for name, store in stores:
            data = Path(folder) / name
            data.mkdir()
            url = None if store is None else store.new_database()
            with installed_cloud(data, port=1, database_url=url) as (cloud, _):
                measure(name, cloud)


def measure(name: str, cloud: ServedCloud) -> None:
    """Fill one store, then let its readings change hands."""
    start = utc_now() - timedelta(hours=6)
    step = timedelta(hours=6) / READINGS
    for first in range(0, READINGS, LOT):
        cloud.send(
            VEHICLE,
            [
                numeric("97", start + place * step, device=(OXIMETER, DEFIBRILLATOR)[place % 2])
                for place in range(first, first + LOT)
            ],
        )
    for first in range(0, STRIPS, 500):
        cloud.send(
            VEHICLE,
            [
                waveform(start + timedelta(seconds=10 * place), device=DEFIBRILLATOR)
                for place in range(first, first + 500)
            ],
        )
    wanted = {"since": start - timedelta(hours=1), "until": utc_now() + timedelta(minutes=1)}

    def tray(work: UnitOfWork) -> object:
        return Tray(work, cloud.caller).stretches(TrayFilter(**wanted), after=0, limit=50)

    timed(name, "tray of the day", cloud, tray)
    began = time.monotonic()
    one = cloud.open_encounter(VEHICLE, seconds_ago=6.5 * 3600)
    say(name, "claimed by a new encounter", time.monotonic() - began)
    two = cloud.open_encounter("AMB-8", seconds_ago=6.5 * 3600)

    def move(source: str | None, target: str | None) -> Callable[[UnitOfWork], object]:
        wish = Move(
            from_encounter_id=source,
            to_encounter_id=target,
            vehicle_id=VEHICLE,
            reason="a benchmark",
            **wanted,
        )
        return lambda work: move_readings(work, cloud.caller, wish)

    timed(name, "moved to another encounter", cloud, move(one, two))
    timed(name, "put back into the tray", cloud, move(two, None))
    timed(name, "linked out of the tray", cloud, move(None, one))

    def claim(work: UnitOfWork) -> object:
        return claim_readings(work, cloud.caller, work.session.get_one(EncounterRow, one))

    timed(name, "a claim that finds nothing", cloud, claim)


def timed(name: str, what: str, cloud: ServedCloud, act: Callable[[UnitOfWork], object]) -> None:
    """One act in a unit of its own, its commit included."""
    began = time.monotonic()
    with cloud.parts.database.begin(now=utc_now()) as work:
        act(work)
    say(name, what, time.monotonic() - began)


def say(name: str, what: str, seconds: float) -> None:
    """A row of the table."""
    print(f"{name:<12} {what:<28} {READINGS + STRIPS:>8} rows {seconds:8.2f} s")


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
