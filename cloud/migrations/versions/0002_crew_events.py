"""What the crew did beside the patient, and the files they attached.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "crew_events",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.Column("reported_by", sa.String(length=120), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("undoes", sa.Uuid(), nullable=True),
        sa.Column("encounter_ref", sa.String(length=80), nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=True),
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("captured_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_crew_events_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_crew_events")),
        sa.UniqueConstraint(
            "tenant_id", "event_id", name=op.f("uq_crew_events_tenant_id_event_id")
        ),
    )
    op.create_index(op.f("ix_crew_events_tenant_id"), "crew_events", ["tenant_id"], unique=False)
    op.create_index(
        "ix_crew_events_encounter", "crew_events", ["encounter_id", "row_id"], unique=False
    )
    op.create_index(
        "ix_crew_events_vehicle",
        "crew_events",
        ["tenant_id", "vehicle_id", "happened_at"],
        unique=False,
    )
    op.create_table(
        "attachment_parts",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("attachment_id", sa.Uuid(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_attachment_parts_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_attachment_parts")),
        sa.UniqueConstraint(
            "tenant_id",
            "attachment_id",
            "part",
            name=op.f("uq_attachment_parts_tenant_id_attachment_id_part"),
        ),
    )
    op.create_index(
        op.f("ix_attachment_parts_tenant_id"), "attachment_parts", ["tenant_id"], unique=False
    )


def downgrade() -> None:
    """Remove both tables."""
    op.drop_index(op.f("ix_attachment_parts_tenant_id"), table_name="attachment_parts")
    op.drop_table("attachment_parts")
    op.drop_index("ix_crew_events_vehicle", table_name="crew_events")
    op.drop_index("ix_crew_events_encounter", table_name="crew_events")
    op.drop_index(op.f("ix_crew_events_tenant_id"), table_name="crew_events")
    op.drop_table("crew_events")
