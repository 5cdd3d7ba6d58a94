"""Where the gateway's recorder keeps the octets of an observation.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A column more in both tables; empty for what was stored before."""
    for table in ("observations", "waveforms"):
        op.add_column(table, sa.Column("octets", sa.String(length=64), nullable=True))
