"""How long what is kept, what may not go, and what is left of what went.

Revision ID: 0018
Revises: 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three tables."""
    op.create_table(
        "retention_policies",
        *_owner("retention_policies"),
        sa.Column("waveform_days", sa.Integer(), nullable=True),
        sa.Column("reading_days", sa.Integer(), nullable=True),
        sa.Column("record_days", sa.Integer(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("updated_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_retention_policies")),
    )
    op.create_table(
        "legal_holds",
        *_owner("legal_holds"),
        sa.Column("hold_id", sa.String(length=80), nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=True),
        sa.Column("patient_id", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("placed_at", UtcDateTime(), nullable=False),
        sa.Column("placed_by", sa.String(length=80), nullable=False),
        sa.Column("lifted_at", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("hold_id", name=op.f("pk_legal_holds")),
    )
    op.create_index("ix_legal_holds_list", "legal_holds", ["tenant_id", "placed_at"])
    op.create_table(
        "erased_encounters",
        *_owner("erased_encounters"),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=False),
        sa.Column("care_model", sa.String(length=40), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=False),
        sa.Column("erased_at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("encounter_id", name=op.f("pk_erased_encounters")),
    )
    op.create_index("ix_erased_encounters_cause", "erased_encounters", ["tenant_id", "cause"])
    for table in ("legal_holds", "erased_encounters"):
        op.create_index(op.f(f"ix_{table}_tenant_id"), table, ["tenant_id"])


def _owner(table: str) -> tuple[sa.Column[str] | sa.Constraint, ...]:
    """The tenant a row belongs to."""
    return (
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f(f"fk_{table}_tenant_id")
        ),
    )
