"""Where a vehicle was is the same however few of its encounters are looked at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NamedTuple

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine

from cloud.core.encounters.lifecycle import Status
from cloud.core.encounters.placement_tables import EncounterVehicleRow
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.vehicle_time import LONGEST, VehicleTime
from cloud.core.encounters.waiting import Waits
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import Database
from cloud.migrations.schema import metadata

START = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
CALLER = Principal(tenant_id="ten_1", client_id="app_1", scopes=())
VEHICLES = count(1)


class Told(NamedTuple):
    """An encounter by minutes: its start, its end, when it left the vehicle; whether it counts."""

    start: int
    lasts: int | None
    leaves: int | None
    never_was: bool

    def is_over(self, minute: int) -> bool:
        ends = [self.start + one for one in (self.lasts, self.leaves) if one is not None]
        return any(end <= minute for end in ends)


TOLD = st.lists(
    st.builds(
        Told,
        start=st.integers(0, 3000),
        lasts=st.none() | st.integers(1, 900),
        leaves=st.none() | st.integers(1, 900),
        never_was=st.booleans(),
    ),
    max_size=25,
    unique_by=lambda one: one.start,
)


def expected(told: Sequence[Told], minute: int) -> int | Waits:
    """By all encounters there are: the start of the one it is, else why it waits."""
    begun = sorted((one for one in told if one.start <= minute), reverse=True)
    real = [
        one
        for one in begun
        if not (one.never_was and one.lasts is not None and one.is_over(minute))
    ]
    if not real:
        return Waits.RELEASED if begun else Waits.NO_ENCOUNTER
    newest = real[0]
    if newest.is_over(minute):
        left = newest.leaves is not None and newest.start + newest.leaves <= minute
        return Waits.ENCOUNTER_MOVED if left else Waits.RELEASED
    longest = LONGEST // timedelta(minutes=1)
    rivals = [one for one in real[1:] if not one.is_over(minute)]
    if any(minute - one.start < longest for one in rivals):
        return Waits.SEVERAL_ENCOUNTERS
    return newest.start


MANY_AT_ONCE = [Told(start=one, lasts=None, leaves=None, never_was=False) for one in range(11)]
NONE_OF_MANY = [
    Told(start=0, lasts=None, leaves=None, never_was=False),
    *(Told(start=one, lasts=1, leaves=None, never_was=True) for one in range(1000, 1011)),
]


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example(told=MANY_AT_ONCE, minutes=[1, 10, 11])
@example(told=NONE_OF_MANY, minutes=[500, 1005, 2000])
@example(told=NONE_OF_MANY, minutes=[2, 900])
@example(told=NONE_OF_MANY, minutes=[1012, 2000])
@given(told=TOLD, minutes=st.lists(st.integers(-5, 4000), min_size=1, max_size=20))
def test_a_vehicle_was_where_all_its_encounters_say(
    tmp_path: Path, told: list[Told], minutes: list[int]
) -> None:
    database = opened(tmp_path)
    vehicle = f"V-{next(VEHICLES)}"
    with database.begin(now=START) as work:
        for one in told:
            work.session.add_all(rows_of(one, vehicle))
        work.session.flush()
        where = VehicleTime(work, CALLER, vehicle)
        for minute in minutes:
            found = where.at(START + timedelta(minutes=minute))
            answer = found.waits or int(str(found.encounter_id).rpartition("-")[2])
            assert answer == expected(told, minute)
        since, until = min(minutes), max(minutes)
        if where.is_steady(START + timedelta(minutes=since), START + timedelta(minutes=until)):
            assert len({expected(told, minute) for minute in range(since, until + 1)}) == 1
    database.close()


def opened(folder: Path) -> Database:
    engine = create_engine(f"sqlite:///{folder / 'store'}")
    metadata().create_all(engine)
    return Database(engine)


def rows_of(one: Told, vehicle: str) -> list[EncounterRow | EncounterVehicleRow]:
    at = START + timedelta(minutes=one.start)
    end = None if one.lasts is None else at + timedelta(minutes=one.lasts)
    name = f"enc_{vehicle}-{one.start}"
    status = Status.HANDED_OVER if end else Status.IN_PROGRESS
    if one.never_was and end:
        status = Status.CANCELLED
    row = EncounterRow(
        encounter_id=name,
        tenant_id=CALLER.tenant_id,
        status=status.value,
        care_model="prehospital_emergency",
        vehicle_id=vehicle if one.leaves is None else f"{vehicle}-other",
        cad_incident_id=str(one.start),
        crew_ids=[],
        patient_pseudonym="",
        started_at=at,
        closed_at=end,
        created_at=START,
        updated_at=START,
    )
    if one.leaves is None:
        return [row]
    left_at = at + timedelta(minutes=one.leaves)
    row.vehicle_since = left_at
    stay = EncounterVehicleRow(
        encounter_id=name,
        tenant_id=CALLER.tenant_id,
        vehicle_id=vehicle,
        since=at,
        until=left_at,
        by="",
        reason="",
        at=START,
    )
    return [row, stay]
