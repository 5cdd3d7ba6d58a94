"""Telephony: carriers with one default, and where numbers lead.

Revision ID: 0026
Revises: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "telephony_providers",
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("carrier", sa.String(length=20), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_credentials", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "is_active OR NOT is_default", name=op.f("ck_telephony_providers_default_is_active")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_telephony_providers_tenant_id")
        ),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_telephony_providers")),
        sa.UniqueConstraint(
            "tenant_id", "name", name=op.f("uq_telephony_providers_tenant_id_name")
        ),
        sa.UniqueConstraint(
            "tenant_id", "provider_id", name=op.f("uq_telephony_providers_tenant_id_provider_id")
        ),
    )
    op.create_index(
        op.f("ix_telephony_providers_tenant_id"), "telephony_providers", ["tenant_id"], unique=False
    )
    op.create_index(
        "uq_telephony_providers_default",
        "telephony_providers",
        ["tenant_id"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "telephony_routes",
        sa.Column("route_id", sa.String(length=80), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("did", sa.String(length=16), nullable=True),
        sa.Column("subaccount", sa.String(length=80), nullable=True),
        sa.Column("subsystem", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(did IS NULL) <> (subaccount IS NULL)", name=op.f("ck_telephony_routes_one_origin")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "provider_id"],
            ["telephony_providers.tenant_id", "telephony_providers.provider_id"],
            name=op.f("fk_telephony_routes_tenant_id_provider_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_telephony_routes_tenant_id")
        ),
        sa.PrimaryKeyConstraint("route_id", name=op.f("pk_telephony_routes")),
        sa.UniqueConstraint(
            "provider_id", "subaccount", name=op.f("uq_telephony_routes_provider_id_subaccount")
        ),
        sa.UniqueConstraint("tenant_id", "did", name=op.f("uq_telephony_routes_tenant_id_did")),
    )
    op.create_index(
        op.f("ix_telephony_routes_tenant_id"), "telephony_routes", ["tenant_id"], unique=False
    )
