"""What a hospital knows a resource of ours by.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Empty for what was sent before: it counts as another resource and is made anew."""
    column = sa.Column("identity", sa.String(length=400), nullable=False, server_default="")
    op.add_column("exchange_placed", column)
