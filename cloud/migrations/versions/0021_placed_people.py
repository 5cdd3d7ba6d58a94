"""People may work at a facility.

Revision ID: 0021
Revises: 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that are there work at none until an operator says so."""
    op.add_column("users", sa.Column("facility_id", sa.String(length=80), nullable=True))


def downgrade() -> None:
    """Nobody works anywhere any more."""
    op.drop_column("users", "facility_id")
