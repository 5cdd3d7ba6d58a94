"""Observations and waveforms by the month on PostgreSQL, their identities in tables of keys.

The table that is there becomes the default partition as it is: no row is moved here. The worker
gives months with many rows a partition of their own, one month a transaction.

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from typing import Final

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES: Final = {
    "observations": {
        "device": "(device_id, observed_at)",
        "encounter": "(encounter_id, row_id) WHERE encounter_id IS NOT NULL",
        "unbound": "(tenant_id, vehicle_id, observed_at) WHERE encounter_id IS NULL",
    },
    "waveforms": {
        "device": "(device_id, type_cf, observed_at)",
        "encounter": "(encounter_id, row_id) WHERE encounter_id IS NOT NULL",
        "unbound": "(tenant_id, vehicle_id, observed_at) WHERE encounter_id IS NULL",
    },
}
"""Tables and their keys, as they are."""

_FUNCTIONS: Final = (
    # Eight octets of SHA-256, as `cloud.core.observations.keys` works them out.
    """
CREATE FUNCTION tenant_key(tenant_id text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT ('x' || encode(substr(sha256(convert_to(tenant_id, 'UTF8')), 1, 8), 'hex'))
        ::bit(64)::bigint
$$
""",
    """
CREATE FUNCTION forget_keys() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'DELETE FROM %I AS key USING gone WHERE key.observation_id = gone.observation_id'
        ' AND key.tenant_key = tenant_key(gone.tenant_id) AND key.row_id = gone.row_id',
        TG_TABLE_NAME || '_keys'
    );
    RETURN NULL;
END
$$
""",
    """
CREATE FUNCTION note_reading_month() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO reading_months (encounter_id, month)
    VALUES (NEW.encounter_id, date_trunc('month', NEW.observed_at, 'UTC'))
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
""",
)


def upgrade() -> None:
    """Nothing on SQLite: it has one table, and its unique constraint holds."""
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute(
        "CREATE TABLE reading_months (encounter_id varchar(80) NOT NULL,"
        " month timestamptz NOT NULL, PRIMARY KEY (encounter_id, month))"
    )
    for function in _FUNCTIONS:
        op.execute(function)
    for table, keys in TABLES.items():
        _part(table, keys)
        _key(table)
        _note_months(table)
        _watch(table)


def _part(table: str, keys: dict[str, str]) -> None:
    """A table of months over the one that is there, which holds the rest from now on."""
    rest = f"{table}_rest"
    op.execute(f"ALTER TABLE {table} RENAME TO {rest}")
    for name in keys:
        op.execute(f"ALTER INDEX ix_{table}_{name} RENAME TO ix_{rest}_{name}")
    op.execute(f"ALTER TABLE {rest} DROP CONSTRAINT uq_{table}_observation_id_tenant_id")
    op.execute(f"ALTER TABLE {rest} DROP CONSTRAINT pk_{table}")
    op.execute(f"ALTER TABLE {rest} ADD PRIMARY KEY (row_id, observed_at)")
    op.execute(
        f"CREATE TABLE {table} (LIKE {rest} INCLUDING DEFAULTS) PARTITION BY RANGE (observed_at)"
    )
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY (row_id, observed_at)")
    op.execute(f"ALTER SEQUENCE {table}_row_id_seq OWNED BY {table}.row_id")
    for name, columns in keys.items():
        op.execute(f"CREATE INDEX ix_{table}_{name} ON {table} {columns}")
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {rest} DEFAULT")


def _key(table: str) -> None:
    op.execute(
        f"CREATE TABLE {table}_keys (observation_id uuid NOT NULL, tenant_key bigint NOT NULL,"
        " row_id bigint NOT NULL, observed_at timestamptz NOT NULL)"
    )
    op.execute(
        f"INSERT INTO {table}_keys"  # noqa: S608 - names of our own schema
        f" SELECT observation_id, tenant_key(tenant_id), row_id, observed_at FROM {table}"
    )
    op.execute(f"ALTER TABLE {table}_keys ADD PRIMARY KEY (observation_id, tenant_key)")


def _note_months(table: str) -> None:
    op.execute(
        "INSERT INTO reading_months"  # noqa: S608 - as above
        " SELECT DISTINCT encounter_id, date_trunc('month', observed_at, 'UTC')"
        f" FROM {table} WHERE encounter_id IS NOT NULL ON CONFLICT DO NOTHING"
    )


def _watch(table: str) -> None:
    """Rows that go take their keys along; rows that get another encounter tell their month."""
    op.execute(
        f"CREATE TRIGGER forget_keys AFTER DELETE ON {table}"
        " REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION forget_keys()"
    )
    op.execute(
        f"CREATE TRIGGER note_reading_month AFTER UPDATE OF encounter_id ON {table}"
        " FOR EACH ROW WHEN (NEW.encounter_id IS NOT NULL"
        " AND NEW.encounter_id IS DISTINCT FROM OLD.encounter_id)"
        " EXECUTE FUNCTION note_reading_month()"
    )
