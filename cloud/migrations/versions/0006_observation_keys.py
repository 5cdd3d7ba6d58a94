"""Cheaper keys for observations and waveforms.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = ("observations", "waveforms")


def upgrade() -> None:
    """Uniqueness by id first, no references checked row by row, no index entry that nobody reads.

    SQLite can change no constraint of a table: there the rows are copied into a new one.
    """
    for table in TABLES:
        op.drop_index(f"ix_{table}_encounter", table_name=table)
        op.drop_index(f"ix_{table}_vehicle", table_name=table)
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(f"fk_{table}_device_id", type_="foreignkey")
            batch.drop_constraint(f"fk_{table}_tenant_id", type_="foreignkey")
            batch.drop_constraint(f"uq_{table}_tenant_id_observation_id", type_="unique")
            batch.create_unique_constraint(
                f"uq_{table}_observation_id_tenant_id", ["observation_id", "tenant_id"]
            )
        charted, unbound = sa.text("encounter_id IS NOT NULL"), sa.text("encounter_id IS NULL")
        op.create_index(
            f"ix_{table}_encounter",
            table,
            ["encounter_id", "row_id"],
            postgresql_where=charted,
            sqlite_where=charted,
        )
        op.create_index(
            f"ix_{table}_unbound",
            table,
            ["tenant_id", "vehicle_id", "observed_at"],
            postgresql_where=unbound,
            sqlite_where=unbound,
        )
