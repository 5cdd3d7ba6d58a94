"""Connections to hospitals, deliveries over them, and what lies there since.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "hospital_connections",
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("facility_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=2000), nullable=False),
        sa.Column("wants", sa.JSON(), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.Column("is_identified", sa.Boolean(), nullable=False),
        sa.Column("access_kind", sa.String(length=40), nullable=False),
        sa.Column("sealed_access", sa.LargeBinary(), nullable=False),
        sa.Column("authorities", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", UtcDateTime(), nullable=True),
        sa.Column("last_taken_at", UtcDateTime(), nullable=True),
        sa.Column("last_failed_at", UtcDateTime(), nullable=True),
        sa.Column("last_reason", sa.String(length=40), nullable=False),
        sa.Column("lease", sa.String(length=40), nullable=False),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_hospital_connections_tenant_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_hospital_connections")),
    )
    op.create_index(
        "ix_hospital_connections_facility",
        "hospital_connections",
        ["tenant_id", "facility_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_hospital_connections_tenant_id"),
        "hospital_connections",
        ["tenant_id"],
        unique=False,
    )
    op.create_table(
        "exchange_deliveries",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.String(length=80), nullable=False),
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=80), nullable=False),
        sa.Column("lane", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("attempted_at", UtcDateTime(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("after_row", sa.BigInteger(), nullable=True),
        sa.Column("through_row", sa.BigInteger(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["hospital_connections.connection_id"],
            name=op.f("fk_exchange_deliveries_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_exchange_deliveries_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_exchange_deliveries")),
        sa.UniqueConstraint(
            "connection_id", "cause", name=op.f("uq_exchange_deliveries_connection_id_cause")
        ),
        sa.UniqueConstraint("delivery_id", name=op.f("uq_exchange_deliveries_delivery_id")),
    )
    op.create_index(
        "ix_exchange_deliveries_encounter", "exchange_deliveries", ["encounter_id"], unique=False
    )
    op.create_index(
        "ix_exchange_deliveries_lane",
        "exchange_deliveries",
        ["connection_id", "lane", "row_id"],
        unique=False,
    )
    op.create_index(
        "ix_exchange_deliveries_list", "exchange_deliveries", ["tenant_id", "row_id"], unique=False
    )
    op.create_index(
        op.f("ix_exchange_deliveries_tenant_id"), "exchange_deliveries", ["tenant_id"], unique=False
    )
    op.create_index(
        "ix_exchange_deliveries_waiting", "exchange_deliveries", ["state", "due_at"], unique=False
    )
    op.create_table(
        "exchange_placed",
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("full_url", sa.String(length=60), nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("resource_type", sa.String(length=40), nullable=False),
        sa.Column("location", sa.String(length=200), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("delivery_id", sa.String(length=80), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["hospital_connections.connection_id"],
            name=op.f("fk_exchange_placed_connection_id"),
        ),
        sa.PrimaryKeyConstraint("connection_id", "full_url", name=op.f("pk_exchange_placed")),
    )
    op.create_index(
        "ix_exchange_placed_encounter",
        "exchange_placed",
        ["connection_id", "encounter_id"],
        unique=False,
    )
    op.create_table(
        "exchange_parts",
        sa.Column("delivery_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("target", sa.String(length=200), nullable=False),
        sa.Column("condition", sa.String(length=200), nullable=False),
        sa.Column("resources", sa.JSON(), nullable=False),
        sa.Column("taken_at", UtcDateTime(), nullable=True),
        sa.Column("response_status", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["exchange_deliveries.delivery_id"],
            name=op.f("fk_exchange_parts_delivery_id"),
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_exchange_parts")),
    )
