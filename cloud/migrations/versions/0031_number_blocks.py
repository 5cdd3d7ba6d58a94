"""Numbers of readings are taken by the block: one call for many rows instead of one for each.

Revision ID: 0031
Revises: 0030
"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

BLOCK = 64


def upgrade() -> None:
    """A number of the sequence stands for itself and those up to the next one.

    It touches no row, and waits for nothing but the units that have just taken a number. Who takes
    single ones, as a program of before does, leaves the rest of a block out. SQLite numbers rows by
    itself.
    """
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute(f"ALTER SEQUENCE observations_row_id_seq INCREMENT BY {BLOCK}")
