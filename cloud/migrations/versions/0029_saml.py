"""Connections to identity providers, and sign-ins that go over them.

Revision ID: 0029
Revises: 0028
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "saml_connections",
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("entity_id", sa.String(length=1024), nullable=False),
        sa.Column("sign_in_address", sa.String(length=2000), nullable=False),
        sa.Column("certificates", sa.JSON(), nullable=False),
        sa.Column("metadata_valid_until", UtcDateTime(), nullable=True),
        sa.Column("sealed_key", sa.LargeBinary(), nullable=True),
        sa.Column("own_certificate", sa.Text(), nullable=False),
        sa.Column("provisions", sa.Boolean(), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("attribute_names", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_saml_connections_tenant_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", name=op.f("pk_saml_connections")),
    )
    op.create_index(
        op.f("ix_saml_connections_tenant_id"), "saml_connections", ["tenant_id"], unique=False
    )
    op.create_table(
        "saml_logins",
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.Column("connection_id", sa.String(length=80), nullable=False),
        sa.Column("relay_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("sealed_path", sa.LargeBinary(), nullable=False),
        sa.Column("is_forced", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("ticket_hash", sa.String(length=64), nullable=True),
        sa.Column("user_id", sa.String(length=80), nullable=True),
        sa.Column("authenticated_at", UtcDateTime(), nullable=True),
        sa.Column("session_until", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"],
            ["saml_connections.connection_id"],
            name=op.f("fk_saml_logins_connection_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_saml_logins_tenant_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.user_id"], name=op.f("fk_saml_logins_user_id")
        ),
        sa.PrimaryKeyConstraint("request_id", name=op.f("pk_saml_logins")),
        sa.UniqueConstraint("relay_hash", name=op.f("uq_saml_logins_relay_hash")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_saml_logins_ticket_hash")),
    )
    op.create_index(op.f("ix_saml_logins_expires_at"), "saml_logins", ["expires_at"], unique=False)
    op.create_index(op.f("ix_saml_logins_tenant_id"), "saml_logins", ["tenant_id"], unique=False)
