"""What is asked of the observations is answered by an index, on both databases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, event

from cloud.core.encounters.claiming import claim_readings
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.observations import live, queries
from cloud.core.observations.tables import ObservationRow
from cloud.core.sandbox.emptying import empty
from tests.fixtures.cloud import START, Installation, batch, numeric, waveform
from tests.integration.test_cloud_recording import open_encounter, record

Asked = list[tuple[str, Any]]


@contextmanager
def listening(engine: Engine) -> Iterator[Asked]:
    """The statements of the block."""
    asked: Asked = []

    def note(*words: Any) -> None:  # noqa: ANN401 - as SQLAlchemy hands them over
        asked.append((words[2], words[3]))

    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_every_question_about_observations_has_its_index(cloud: Installation) -> None:
    encounter, caller = open_encounter(cloud), cloud.mine.caller
    engine = cloud.database.engine
    times = (START, START + timedelta(days=10), datetime(1970, 1, 1, tzinfo=UTC))
    record(cloud, batch(cloud.mine, [*(numeric("97", at) for at in times), waveform(START)]))
    known = numeric("97", START).observation_id
    with listening(engine) as asked, cloud.database.begin(now=START) as work:
        queries.find_rows(work, caller, ObservationRow, [known])
        queries.follow(work, caller, encounter, queries.Tail())
        queries.latest(work, caller, encounter)
        queries.counts(work, caller, encounter)
        queries.encounter_observations(work, caller, encounter)
        queries.newest_numbers(work, caller, encounter, limit=3)
        queries.device_series(work, caller, "dev_1", since=START, type_cf=None, after=None, limit=5)
        live.tail(work, caller, encounter)
        live.recent_waveforms(work, caller, encounter, START)
        claim_readings(work, caller, work.session.get_one(EncounterRow, encounter))
    plans = [
        plan(engine, *one)
        for one in asked
        if "FROM observations" in one[0] or "FROM waveforms" in one[0] or "UPDATE" in one[0]
    ]
    assert len(plans) > 10
    for words in plans:
        assert "USING INDEX" in words or "INDEX SCAN" in words or "INDEX ONLY SCAN" in words, words
        assert "SEQ SCAN" not in words, words
        assert "SCAN OBSERVATIONS" not in words, words


def test_who_empties_a_sandbox_looks_at_nobody_elses_readings(cloud: Installation) -> None:
    """A reset is one transaction: whatever it looks at, others wait for."""
    engine = cloud.database.engine
    record(cloud, batch(cloud.mine, [numeric("97", START), waveform(START)]))
    with listening(engine) as asked, cloud.database.begin(now=START) as work:
        empty(work, cloud.mine.tenant_id)
    deleted = [one for one in asked if one[0].startswith(("DELETE FROM obs", "DELETE FROM wave"))]
    assert len(deleted) == 2
    for words in (plan(engine, *one) for one in deleted):
        assert "DEVICE" in words, words
        assert "SEQ SCAN" not in words, words
        assert "SCAN OBSERVATIONS" not in words, words
        assert "SCAN WAVEFORMS" not in words, words


def test_a_question_looks_into_its_own_months_only(cloud: Installation) -> None:
    """An encounter's months, the months since a time, the month of one reading."""
    if cloud.database.engine.dialect.name != "postgresql":
        # SQLite has no months: one table, one index.
        return
    encounter, caller = open_encounter(cloud), cloud.mine.caller
    record(cloud, batch(cloud.mine, [numeric("97", START), waveform(START)]))
    later = START + timedelta(days=40)
    known = numeric("97", START).observation_id
    questions: list[tuple[Callable[[UnitOfWork], object], set[str]]] = [
        (lambda work: queries.follow(work, caller, encounter, queries.Tail()), {"2026_11"}),
        (lambda work: queries.latest(work, caller, encounter), {"2026_11"}),
        (lambda work: queries.counts(work, caller, encounter), {"2026_11"}),
        (lambda work: queries.newest_numbers(work, caller, encounter, limit=3), {"2026_11"}),
        (lambda work: queries.waveform_gaps(work, caller, encounter), {"2026_11"}),
        (lambda work: live.tail(work, caller, encounter), {"2026_11"}),
        (lambda work: queries.find_rows(work, caller, ObservationRow, [known]), {"2026_11"}),
        (lambda work: series_since(work, caller, later), {"2027_01", "REST"}),
    ]
    for question, months in questions:
        with listening(cloud.database.engine) as asked, cloud.database.begin(now=START) as work:
            question(work)
        looked_into = {
            month
            for one in asked
            if "observations." in one[0] or "waveforms." in one[0]
            for month in PART.findall(plan(cloud.database.engine, *one))
        }
        assert looked_into == months


PART = re.compile(r" ON (?:OBSERVATIONS|WAVEFORMS)_(\w+)")


def series_since(work: UnitOfWork, caller: Principal, since: datetime) -> object:
    return queries.device_series(
        work, caller, "dev_1", since=since, type_cf=None, after=None, limit=5
    )


def plan(engine: Engine, statement: str, values: object) -> str:
    """How the database would answer; PostgreSQL is told that a table is never small."""
    with engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN "
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
            explain = "EXPLAIN "
        rows = connection.exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]  # as they came
        return "\n".join(str(row[-1]).upper() for row in rows)
