"""Sandboxes: which tenant a tenant is the sandbox of.

Revision ID: 0030
Revises: 0029
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """None for every tenant there is; a tenant has one sandbox at most."""
    op.add_column("tenants", sa.Column("sandbox_of", sa.String(length=80), nullable=True))
    op.create_index("ix_tenants_sandbox_of", "tenants", ["sandbox_of"], unique=True)
