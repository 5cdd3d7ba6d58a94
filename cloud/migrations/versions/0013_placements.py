"""Where devices belonged, what people decided about readings, which vehicles encounters rode in.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the histories, then widen devices and encounters."""
    _make_device_histories()
    _make_placements()
    _widen_devices()
    op.add_column("encounters", sa.Column("vehicle_since", UtcDateTime(), nullable=True))
    op.add_column(
        "encounters", sa.Column("rebound", sa.Integer(), nullable=False, server_default="0")
    )


def _widen_devices() -> None:
    for name in ("vehicle_since", "status_at", "battery_at", "calibrated_at", "calibration_due_at"):
        op.add_column("devices", sa.Column(name, UtcDateTime(), nullable=True))
    op.add_column(
        "devices", sa.Column("is_assigned", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("devices", sa.Column("heard_in", sa.String(length=80), nullable=True))
    op.add_column(
        "devices", sa.Column("status_reason", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("devices", sa.Column("calibration_source", sa.String(length=10), nullable=True))


def _make_device_histories() -> None:
    op.create_table(
        "device_assignments",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_device_assignments_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_device_assignments")),
    )
    op.create_index(
        "ix_device_assignments_device", "device_assignments", ["device_id", "since"], unique=False
    )
    op.create_index(
        op.f("ix_device_assignments_tenant_id"), "device_assignments", ["tenant_id"], unique=False
    )
    op.create_table(
        "device_events",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_device_events_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_device_events")),
    )
    op.create_index(
        "ix_device_events_device", "device_events", ["device_id", "row_id"], unique=False
    )
    op.create_index(
        op.f("ix_device_events_tenant_id"), "device_events", ["tenant_id"], unique=False
    )


def _make_placements() -> None:
    op.create_table(
        "reading_moves",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("move_id", sa.String(length=80), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=True),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("from_encounter_id", sa.String(length=80), nullable=True),
        sa.Column("to_encounter_id", sa.String(length=80), nullable=True),
        sa.Column("observations", sa.Integer(), nullable=False),
        sa.Column("waveforms", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_reading_moves_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_reading_moves")),
    )
    op.create_index(
        "ix_reading_moves_vehicle",
        "reading_moves",
        ["tenant_id", "vehicle_id", "until"],
        unique=False,
    )
    op.create_index(
        "ix_reading_moves_from", "reading_moves", ["from_encounter_id", "row_id"], unique=False
    )
    op.create_index(
        "ix_reading_moves_to", "reading_moves", ["to_encounter_id", "row_id"], unique=False
    )
    op.create_index("ix_reading_moves_move", "reading_moves", ["move_id"], unique=False)
    op.create_index(
        op.f("ix_reading_moves_tenant_id"), "reading_moves", ["tenant_id"], unique=False
    )
    op.create_table(
        "encounter_vehicles",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_encounter_vehicles_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_encounter_vehicles")),
    )
    op.create_index(
        "ix_encounter_vehicles_vehicle",
        "encounter_vehicles",
        ["tenant_id", "vehicle_id", "since"],
        unique=False,
    )
    op.create_index(
        "ix_encounter_vehicles_encounter", "encounter_vehicles", ["encounter_id"], unique=False
    )
    op.create_index(
        op.f("ix_encounter_vehicles_tenant_id"), "encounter_vehicles", ["tenant_id"], unique=False
    )
