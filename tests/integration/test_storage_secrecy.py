"""What the database refuses is told by its kind: parameters and rows hold patients and secrets."""

from __future__ import annotations

import traceback
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from cloud.db.errors import StorageConflictError, StorageError, StorageFaultError
from tests.fixtures.cloud import Installation

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "Ada Lovelace 943 476 5919"
NO_TABLE = "INSERT INTO no_such_table VALUES (:value)"
HALF_A_ROW = "INSERT INTO audit_heads (tenant_id) VALUES (:value)"


def refused(cloud: Installation, statement: str) -> StorageError:
    with pytest.raises(StorageError) as caught, cloud.database.begin(now=NOW) as work:
        work.session.execute(text(statement), {"value": SECRET})
    return caught.value


def test_no_value_is_in_what_is_raised_or_behind_it(cloud: Installation) -> None:
    fault, conflict = refused(cloud, NO_TABLE), refused(cloud, HALF_A_ROW)
    assert isinstance(fault, StorageFaultError)
    assert isinstance(conflict, StorageConflictError)
    for error in (fault, conflict):
        said = "".join(traceback.format_exception(error))
        assert "Ada" not in said
        assert "943" not in said
    is_postgres = cloud.database.engine.dialect.name == "postgresql"
    assert ("42P01" if is_postgres else "SQLITE_ERROR") in str(fault), "an operator can look it up"
    assert ("23502" if is_postgres else "SQLITE_CONSTRAINT_NOTNULL") in str(conflict)
