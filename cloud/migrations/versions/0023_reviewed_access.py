"""Who was let into what is reviewed, and the registries of the control plane.

Revision ID: 0023
Revises: 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "access_requests",
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.Column("capability", sa.String(length=40), nullable=False),
        sa.Column("justification", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("stands", sa.Boolean(), nullable=True),
        sa.Column("requested_at", UtcDateTime(), nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_access_requests_tenant_id")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_access_requests")),
        sa.UniqueConstraint(
            "tenant_id",
            "capability",
            "stands",
            name=op.f("uq_access_requests_tenant_id_capability_stands"),
        ),
    )
    op.create_index(
        "ix_access_requests_list", "access_requests", ["requested_at", "request_id"], unique=False
    )
    op.create_index(
        op.f("ix_access_requests_tenant_id"), "access_requests", ["tenant_id"], unique=False
    )
    op.create_table(
        "registry_items",
        sa.Column("item_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("description", sa.String(length=1000), nullable=False),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_registry_items_tenant_id")
        ),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_registry_items")),
        sa.UniqueConstraint(
            "tenant_id", "kind", "name", name=op.f("uq_registry_items_tenant_id_kind_name")
        ),
    )
    op.create_index(
        "ix_registry_items_list",
        "registry_items",
        ["tenant_id", "kind", "created_at", "item_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_registry_items_tenant_id"), "registry_items", ["tenant_id"], unique=False
    )
