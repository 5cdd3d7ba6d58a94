"""The fleet: commands, invitations, certificates, keys, configurations, reports, enrolments.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "fleet_keys",
        sa.Column("key_id", sa.String(length=80), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_fleet_keys")),
        sa.UniqueConstraint("purpose", name=op.f("uq_fleet_keys_purpose")),
    )
    op.create_table(
        "gateway_invitations",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("gateway_id", sa.String(length=80), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_gateway_invitations_tenant_id")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_gateway_invitations")),
    )
    op.create_index(
        op.f("ix_gateway_invitations_tenant_id"), "gateway_invitations", ["tenant_id"], unique=False
    )
    op.create_table(
        "board_enrolments",
        sa.Column("enrolment_id", sa.String(length=80), nullable=False),
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateways.gateway_id"], name=op.f("fk_board_enrolments_gateway_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_board_enrolments_tenant_id")
        ),
        sa.PrimaryKeyConstraint("enrolment_id", name=op.f("pk_board_enrolments")),
    )
    op.create_index(
        op.f("ix_board_enrolments_gateway_id"), "board_enrolments", ["gateway_id"], unique=False
    )
    op.create_index(
        op.f("ix_board_enrolments_tenant_id"), "board_enrolments", ["tenant_id"], unique=False
    )
    op.create_table(
        "gateway_certificates",
        sa.Column("serial", sa.String(length=40), nullable=False),
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=False),
        sa.Column("not_after", UtcDateTime(), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateways.gateway_id"], name=op.f("fk_gateway_certificates_gateway_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_gateway_certificates_tenant_id")
        ),
        sa.PrimaryKeyConstraint("serial", name=op.f("pk_gateway_certificates")),
    )
    op.create_index(
        op.f("ix_gateway_certificates_gateway_id"),
        "gateway_certificates",
        ["gateway_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_gateway_certificates_tenant_id"),
        "gateway_certificates",
        ["tenant_id"],
        unique=False,
    )
    op.create_table(
        "gateway_commands",
        sa.Column("command_id", sa.String(length=80), nullable=False),
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("issued_by", sa.String(length=80), nullable=False),
        sa.Column("issued_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateways.gateway_id"], name=op.f("fk_gateway_commands_gateway_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_gateway_commands_tenant_id")
        ),
        sa.PrimaryKeyConstraint("command_id", name=op.f("pk_gateway_commands")),
    )
    op.create_index(
        "ix_gateway_commands_due", "gateway_commands", ["next_at", "gateway_id"], unique=False
    )
    op.create_index(
        "ix_gateway_commands_list",
        "gateway_commands",
        ["gateway_id", "issued_at", "command_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_gateway_commands_tenant_id"), "gateway_commands", ["tenant_id"], unique=False
    )
    op.create_table(
        "gateway_configurations",
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("signed", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("command_id", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway_id"],
            ["gateways.gateway_id"],
            name=op.f("fk_gateway_configurations_gateway_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_gateway_configurations_tenant_id")
        ),
        sa.PrimaryKeyConstraint("gateway_id", "version", name=op.f("pk_gateway_configurations")),
    )
    op.create_index(
        op.f("ix_gateway_configurations_command_id"),
        "gateway_configurations",
        ["command_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_gateway_configurations_tenant_id"),
        "gateway_configurations",
        ["tenant_id"],
        unique=False,
    )
    op.create_table(
        "gateway_reports",
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("link", sa.String(length=20), nullable=False),
        sa.Column("link_at", UtcDateTime(), nullable=True),
        sa.Column("reported_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("backlog_rows", sa.Integer(), nullable=True),
        sa.Column("oldest_at", UtcDateTime(), nullable=True),
        sa.Column("configuration_version", sa.Integer(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateways.gateway_id"], name=op.f("fk_gateway_reports_gateway_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_gateway_reports_tenant_id")
        ),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_gateway_reports")),
    )
    op.create_index(
        op.f("ix_gateway_reports_tenant_id"), "gateway_reports", ["tenant_id"], unique=False
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index(op.f("ix_gateway_reports_tenant_id"), table_name="gateway_reports")
    op.drop_table("gateway_reports")
    op.drop_index(op.f("ix_gateway_configurations_tenant_id"), table_name="gateway_configurations")
    op.drop_index(op.f("ix_gateway_configurations_command_id"), table_name="gateway_configurations")
    op.drop_table("gateway_configurations")
    op.drop_index(op.f("ix_gateway_commands_tenant_id"), table_name="gateway_commands")
    op.drop_index("ix_gateway_commands_list", table_name="gateway_commands")
    op.drop_index("ix_gateway_commands_due", table_name="gateway_commands")
    op.drop_table("gateway_commands")
    op.drop_index(op.f("ix_gateway_certificates_tenant_id"), table_name="gateway_certificates")
    op.drop_index(op.f("ix_gateway_certificates_gateway_id"), table_name="gateway_certificates")
    op.drop_table("gateway_certificates")
    op.drop_index(op.f("ix_board_enrolments_tenant_id"), table_name="board_enrolments")
    op.drop_index(op.f("ix_board_enrolments_gateway_id"), table_name="board_enrolments")
    op.drop_table("board_enrolments")
    op.drop_index(op.f("ix_gateway_invitations_tenant_id"), table_name="gateway_invitations")
    op.drop_table("gateway_invitations")
    op.drop_table("fleet_keys")
