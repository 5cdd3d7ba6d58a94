"""Documents that were made of an encounter, one a version and projection.

Revision ID: 0020
Revises: 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of documents."""
    op.create_table(
        "encounter_documents",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("projection", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.JSON(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_encounter_documents_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_encounter_documents")),
        sa.UniqueConstraint(
            "encounter_id",
            "version",
            "projection",
            name=op.f("uq_encounter_documents_encounter_id_version_projection"),
        ),
    )
    op.create_index(op.f("ix_encounter_documents_tenant_id"), "encounter_documents", ["tenant_id"])
