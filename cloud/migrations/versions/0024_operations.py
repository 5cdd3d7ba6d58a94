"""Curated operations: which bundles were granted to which applications.

Revision ID: 0024
Revises: 0023
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "operation_grants",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("bundle", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("granted_at", UtcDateTime(), nullable=False),
        sa.Column("granted_by", sa.String(length=80), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_operation_grants_client_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_operation_grants_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_operation_grants")),
        sa.UniqueConstraint(
            "client_id",
            "bundle",
            "version",
            name=op.f("uq_operation_grants_client_id_bundle_version"),
        ),
    )
    op.create_index(
        op.f("ix_operation_grants_tenant_id"), "operation_grants", ["tenant_id"], unique=False
    )
