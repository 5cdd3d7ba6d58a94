"""Readings are kept by the month of their own time; what is true of one table is true of all.

On SQLite there is one table: the same is seen there.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text

from cloud.core.encounters.claiming import claim_readings
from cloud.core.encounters.tables import EncounterRow
from cloud.core.encounters.uplink import record_uplink
from cloud.core.observations import months, queries, storage
from cloud.core.observations.tables import ObservationRow
from cloud.db.monthly import is_part, month_after, month_of, months_of
from protocols.model.observation import NumericObservation
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.messages import UplinkBatch
from tests.fixtures.cloud import START, Installation, batch, numeric, waveform
from tests.integration.test_cloud_columns import in_columns
from tests.integration.test_cloud_recording import open_encounter, record

NEXT_MONTH = START + timedelta(days=10)
LONG_AGO = START - timedelta(days=300)
SEVENTIES = datetime(1970, 1, 1, 0, 5, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
MANY = 60


def at_another_time(one: NumericObservation, at: datetime) -> NumericObservation:
    """The same measurement by its identity, mapped to another time."""
    stamp = one.observed_at.device_time
    return replace(one, observed_at=ObservedTime(at, TimeQuality.DEVICE, stamp))


def parts(engine: Engine) -> dict[str, int]:
    """How many rows each partition of the observations has."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT tableoid::regclass::text, count(*) FROM observations GROUP BY 1")
        )
        return dict(rows.all())


def are_months_kept(cloud: Installation) -> bool:
    return cloud.database.engine.dialect.name == "postgresql"


def make_all(cloud: Installation, *, enough: int = storage.ENOUGH) -> list[storage.NewMonth]:
    made: list[storage.NewMonth] = []
    while True:
        with cloud.database.begin(now=cloud.clock()) as work:
            new = storage.make_next_month(work, enough=enough)
        if new is None:
            return made
        made.append(new)


def test_months_are_those_of_utc() -> None:
    late = datetime(2026, 12, 31, 23, 30, tzinfo=UTC).astimezone()
    assert month_of(late) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_after(month_of(late)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert month_after(datetime(2026, 1, 1, tzinfo=UTC), -1) == datetime(2025, 12, 1, tzinfo=UTC)
    assert is_part("observations_2026_11", ["observations"])
    assert is_part("observations_rest", ["observations"])
    assert not is_part("observations_keys", ["observations"])
    assert not is_part("devices", ["observations"])


def test_a_row_goes_where_its_own_time_says_and_odd_clocks_into_the_rest(
    cloud: Installation,
) -> None:
    times = [START, NEXT_MONTH, LONG_AGO, SEVENTIES, FAR]
    ack = record(cloud, batch(cloud.mine, [numeric("97", at) for at in times]))
    assert ack.stored == len(times)
    assert cloud.rows() == (len(times), 0)
    if are_months_kept(cloud):
        assert parts(cloud.database.engine) == {
            "observations_2026_11": 1,
            "observations_2026_12": 1,
            "observations_rest": 3,
        }


@pytest.mark.parametrize("many", [1, MANY])
@pytest.mark.parametrize("form", [in_columns, lambda sent: sent])
def test_a_measurement_is_stored_once_whatever_time_it_comes_with(
    cloud: Installation, many: int, form: Callable[[UplinkBatch], UplinkBatch]
) -> None:
    first = [numeric("97", START + timedelta(seconds=one)) for one in range(many)]
    assert record(cloud, form(batch(cloud.mine, first))).stored == many
    for at in (NEXT_MONTH, LONG_AGO, SEVENTIES, FAR):
        again = [at_another_time(one, at) for one in first]
        fresh = numeric("98", at)
        ack = record(cloud, form(batch(cloud.mine, [*again, fresh])))
        assert (ack.stored, ack.repeated) == (1, many)
        both = [at_another_time(fresh, START), *again]
        assert record(cloud, form(batch(cloud.mine, both))).stored == 0
    assert cloud.rows() == (many + 4, 0)
    with cloud.database.reading(now=START) as work:
        ids = [one.observation_id for one in first]
        found = queries.find_rows(work, cloud.mine.caller, ObservationRow, ids)
        strange = queries.find_rows(work, cloud.other.caller, ObservationRow, ids)
    assert [row.observed_at for row in found] == [one.observed_at.at for one in first]
    assert strange == []


def test_two_tenants_may_have_the_same_measurement(cloud: Installation) -> None:
    one = numeric("97", START)
    for tenant in (cloud.mine, cloud.other):
        ack = record_for(cloud, batch(tenant, [one]))
        assert ack == 1
    assert cloud.rows() == (2, 0)


def record_for(cloud: Installation, sent: UplinkBatch) -> int:
    tenant = cloud.mine if sent.gateway_id == cloud.mine.gateway_id else cloud.other
    with cloud.database.begin(now=cloud.clock()) as work:
        return record_uplink(work, tenant.gateway, sent).stored


def test_repeats_that_meet_are_stored_once(cloud: Installation) -> None:
    """Two gateways bring one device's memory at the same time, mapped to two months."""
    here = [numeric("97", START + timedelta(seconds=one)) for one in range(MANY)]
    there = [at_another_time(one, NEXT_MONTH) for one in here]
    record(cloud, batch(cloud.mine, [numeric("90", START - timedelta(hours=1))]))
    stored: list[int] = []

    def send(contents: list[NumericObservation]) -> None:
        stored.append(record(cloud, in_columns(batch(cloud.mine, contents))).stored)

    threads = [threading.Thread(target=send, args=(contents,)) for contents in (here, there)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(stored) == MANY
    assert cloud.rows() == (MANY + 1, 0)


def test_an_encounter_has_its_readings_whatever_month_they_are_in(cloud: Installation) -> None:
    encounter, caller = open_encounter(cloud), cloud.mine.caller
    times = [START, START + timedelta(days=9), SEVENTIES]
    strips = [waveform(START + timedelta(days=9, seconds=one)) for one in range(2)]
    record(cloud, batch(cloud.mine, [*(numeric("97", at) for at in times), *strips]))
    with cloud.database.reading(now=START) as work:
        held = queries.encounter_observations(work, caller, encounter)
        followed, tail = queries.follow(work, caller, encounter, queries.Tail())
        newest, total = queries.newest_numbers(work, caller, encounter, limit=2)
        latest = queries.latest(work, caller, encounter)
    assert len(held) == len(followed) == 5
    assert [row.observed_at for row in newest] == sorted(times)[-2:]
    assert total == 3
    assert [one.observation.observed_at.at for one in latest] == [max(times)]
    record(cloud, batch(cloud.mine, [numeric("96", START + timedelta(days=40))]))
    with cloud.database.reading(now=START) as work:
        followed, _ = queries.follow(work, caller, encounter, tail)
    assert len(followed) == 1


def test_readings_an_encounter_claims_later_are_found(cloud: Installation) -> None:
    record(cloud, batch(cloud.mine, [numeric("97", at) for at in (START, NEXT_MONTH)]))
    encounter = open_encounter(cloud)
    with cloud.database.begin(now=START) as work:
        claim_readings(work, cloud.mine.caller, work.session.get_one(EncounterRow, encounter))
    with cloud.database.reading(now=START) as work:
        known = months.months_with(work, encounter)
        assert len(queries.encounter_observations(work, cloud.mine.caller, encounter)) == 2
    if are_months_kept(cloud):
        assert known == (month_of(START), month_of(NEXT_MONTH))


def test_an_encounter_of_many_months_is_looked_for_everywhere(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    times = [START + timedelta(days=30 * one) for one in range(30)]
    record(cloud, batch(cloud.mine, [numeric("97", at) for at in times]))
    with cloud.database.reading(now=START) as work:
        assert len(queries.encounter_observations(work, cloud.mine.caller, encounter)) == 30


def test_a_month_takes_its_rows_out_of_the_rest_and_no_reading_twice(cloud: Installation) -> None:
    encounter = open_encounter(cloud, started_at=LONG_AGO - timedelta(days=1))
    old = [numeric("97", LONG_AGO + timedelta(seconds=one)) for one in range(MANY)]
    record(cloud, batch(cloud.mine, [*old, numeric("95", SEVENTIES)]))
    made = make_all(cloud, enough=MANY)
    if are_months_kept(cloud):
        assert [(one.table, one.moved) for one in made] == [("observations", MANY)]
        assert parts(cloud.database.engine) == {
            f"observations_{LONG_AGO:%Y_%m}": MANY,
            "observations_rest": 1,
        }
    else:
        assert made == []
    assert make_all(cloud, enough=MANY) == []
    ack = record(cloud, batch(cloud.mine, [*old, numeric("96", LONG_AGO - timedelta(seconds=1))]))
    assert (ack.stored, ack.repeated) == (1, MANY)
    with cloud.database.reading(now=START) as work:
        held = queries.encounter_observations(work, cloud.mine.caller, encounter)
    assert len(held) == MANY + 2


def test_months_are_made_ahead_as_time_goes_on(cloud: Installation) -> None:
    cloud.clock.pass_(40 * 86_400)
    made = make_all(cloud)
    if not are_months_kept(cloud):
        assert made == []
        return
    assert {one.month for one in made} == {
        datetime(2027, 2, 1, tzinfo=UTC),
        datetime(2027, 3, 1, tzinfo=UTC),
    }
    with cloud.database.engine.connect() as connection:
        assert max(months_of(connection, "waveforms")) == datetime(2027, 3, 1, tzinfo=UTC)


def test_a_month_that_is_not_made_whole_is_not_made(cloud: Installation) -> None:
    record(cloud, batch(cloud.mine, [numeric("97", LONG_AGO)]))
    with cloud.database.begin(now=START) as work:
        storage.make_next_month(work, enough=1)
        work.session.rollback()
    assert cloud.rows() == (1, 0)
    if are_months_kept(cloud):
        assert parts(cloud.database.engine) == {"observations_rest": 1}
        assert len(make_all(cloud, enough=1)) == 1


def test_a_row_that_goes_takes_its_key_along(cloud: Installation) -> None:
    sent = [numeric("97", at) for at in (START, NEXT_MONTH)]
    record(cloud, batch(cloud.mine, sent))
    with cloud.database.begin(now=START) as work:
        work.session.execute(text("DELETE FROM observations"))
    assert record(cloud, batch(cloud.mine, sent)).stored == 2
