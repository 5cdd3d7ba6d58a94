"""The migrated schema is the one the code wants, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlalchemy.exc import IntegrityError

from cloud.db.engine import open_engine
from cloud.migrations.runner import is_current, migrate
from cloud.migrations.schema import is_compared, metadata
from tests.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.new_database()
    engine = open_engine(data=tmp_path, database_url=url)
    yield engine
    engine.dispose()


def test_migrations_lead_to_exactly_the_schema_of_the_code(empty: Engine) -> None:
    migrate(empty)
    with empty.connect() as connection:
        context = MigrationContext.configure(connection, opts=OPTIONS)
        assert compare_metadata(context, metadata()) == []


def test_migrating_twice_changes_nothing(empty: Engine) -> None:
    assert not is_current(empty)
    first = migrate(empty)
    assert migrate(empty) == first
    assert is_current(empty)
    assert "observations" in inspect(empty).get_table_names()


def test_numbers_go_on_behind_those_given_before_they_were_taken_by_the_block(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    engine = open_engine(data=tmp_path, database_url=postgres.new_database())
    take = "SELECT nextval('observations_row_id_seq')"
    migrate(engine, to="0030")
    with engine.begin() as connection:
        before = [connection.exec_driver_sql(take).scalar_one() for _ in range(3)]
    migrate(engine)
    with engine.begin() as connection:
        after = [connection.exec_driver_sql(take).scalar_one() for _ in range(2)]
    engine.dispose()
    assert before == [1, 2, 3]
    assert after[0] > before[-1]
    assert after[1] - after[0] == BLOCK


def test_rows_from_before_the_keys_were_changed_are_kept(empty: Engine) -> None:
    migrate(empty, to="0005")
    with empty.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO tenants (tenant_id, name, pseudonym_key, created_at)"
                " VALUES ('ten_1', 'One', :key, '2026-11-26 08:00:00')"
            ),
            {"key": b"key"},
        )
        connection.exec_driver_sql(
            "INSERT INTO devices (device_id, tenant_id, serial_number, manufacturer, model,"
            " firmware, hardware, software, udi, specializations, status, discovered_at)"
            " VALUES ('dev_1', 'ten_1', '', '', '', '', '', '', '', '[]', 'active',"
            " '2026-11-26 08:00:00')"
        )
        connection.exec_driver_sql(ROW)
    migrate(empty)
    with empty.begin() as connection:
        kept = connection.exec_driver_sql("SELECT value, row_id FROM observations").all()
        if connection.dialect.name == "postgresql":
            # A row that goes takes its key along; so it was there.
            keys = "SELECT row_id FROM observations_keys"
            assert connection.exec_driver_sql(keys).scalars().all() == [1]
            connection.exec_driver_sql("DELETE FROM observations")
            assert connection.exec_driver_sql(keys).all() == []
        else:
            with pytest.raises(IntegrityError, match=r"(?i)unique"):
                connection.exec_driver_sql(ROW)
    assert [tuple(one) for one in kept] == [("36.60", 1)]


OPTIONS = {"compare_type": True, "include_object": is_compared}
BLOCK = 64
ROW = (
    "INSERT INTO observations (kind, value, tenant_id, observation_id, device_id, type_cf, status,"
    " supplements, observed_at, time_quality, received_at, flags)"
    " VALUES ('numeric', '36.60', 'ten_1', '00000000000000000000000000000001', 'dev_1', 150364,"
    " 0, '[]', '2026-11-26 08:00:00', 'received', '2026-11-26 08:00:00', '[]')"
)
