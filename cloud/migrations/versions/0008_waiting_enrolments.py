"""Enrolments made on board may wait for their device.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_TABLE = "board_enrolments"


def upgrade() -> None:
    """What was said of the device is kept; what was decided before stays decided."""
    op.add_column(_TABLE, sa.Column("decided_at", UtcDateTime(), nullable=True))
    for name, length in (("waits_for", 20), ("home", 80)):
        column = sa.Column(name, sa.String(length=length), nullable=False, server_default="")
        op.add_column(_TABLE, column)
    op.add_column(_TABLE, sa.Column("said", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index("ix_board_enrolments_waiting", _TABLE, ["tenant_id", "outcome"], unique=False)
