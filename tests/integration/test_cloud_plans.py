"""What is asked of the observations is answered by an index, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

from cloud.core.encounters.binding import claim_readings
from cloud.core.encounters.tables import EncounterRow
from cloud.core.observations import live, queries
from tests.fixtures.cloud import START, Installation
from tests.integration.test_cloud_recording import open_encounter

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
    with listening(engine) as asked, cloud.database.begin(now=START) as work:
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
        plan(engine, *one) for one in asked if "observations" in one[0] or "waveforms" in one[0]
    ]
    assert len(plans) > 10
    for words in plans:
        assert "USING INDEX IX_" in words or "INDEX SCAN USING IX_" in words, words
        assert "SEQ SCAN" not in words, words
        assert "SCAN OBSERVATIONS" not in words, words


def plan(engine: Engine, statement: str, values: object) -> str:
    """How the database would answer; PostgreSQL is told that a table is never small."""
    with engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN "
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
            explain = "EXPLAIN "
        rows = connection.exec_driver_sql(explain + statement, values)  # type: ignore[arg-type]  # as they came
        return "\n".join(str(row[-1]).upper() for row in rows)
