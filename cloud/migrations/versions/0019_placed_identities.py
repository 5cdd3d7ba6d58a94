"""What a hospital knows a resource of ours by.

Revision ID: 0019
Revises: 0018
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty for what was sent before: it counts as another resource and is made anew."""
    column = sa.Column("identity", sa.String(length=400), nullable=False, server_default="")
    op.add_column("exchange_placed", column)
