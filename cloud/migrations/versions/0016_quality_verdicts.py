"""What encounters are to the quality indicators.

Revision ID: 0016
Revises: 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import ExactDecimal, RowNumber, UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "quality_cases",
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("encounter_version", sa.Integer(), nullable=False),
        sa.Column("definitions", sa.String(length=64), nullable=False),
        sa.Column("call_at", UtcDateTime(), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=False),
        sa.Column("care_model", sa.String(length=40), nullable=False),
        sa.Column("judged_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_quality_cases_tenant_id")
        ),
        sa.PrimaryKeyConstraint("encounter_id", name=op.f("pk_quality_cases")),
    )
    op.create_index(
        "ix_quality_cases_call", "quality_cases", ["tenant_id", "call_at"], unique=False
    )
    op.create_index(
        op.f("ix_quality_cases_tenant_id"), "quality_cases", ["tenant_id"], unique=False
    )
    op.create_table(
        "quality_verdicts",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("indicator", sa.String(length=60), nullable=False),
        sa.Column("definition_version", sa.Integer(), nullable=False),
        sa.Column("call_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("minutes", ExactDecimal(), nullable=True),
        sa.Column("elements", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_quality_verdicts_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_quality_verdicts")),
        sa.UniqueConstraint(
            "encounter_id", "indicator", name=op.f("uq_quality_verdicts_encounter_id_indicator")
        ),
    )
    op.create_index(
        "ix_quality_verdicts_call",
        "quality_verdicts",
        ["tenant_id", "indicator", "call_at", "encounter_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_quality_verdicts_tenant_id"), "quality_verdicts", ["tenant_id"], unique=False
    )
