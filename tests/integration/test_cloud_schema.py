"""The migrated schema is the one the code wants, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect

from cloud.db.engine import open_engine
from cloud.migrations.runner import is_current, migrate
from cloud.migrations.schema import metadata
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
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata()) == []


def test_migrating_twice_changes_nothing(empty: Engine) -> None:
    assert not is_current(empty)
    first = migrate(empty)
    assert migrate(empty) == first
    assert is_current(empty)
    assert "observations" in inspect(empty).get_table_names()
