"""What people tell about an encounter, and who the patient is.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the record and of patients, then widen encounters."""
    _make_record()
    _make_patients()
    op.add_column("encounters", sa.Column("patient_id", sa.String(length=80), nullable=True))
    op.add_column("encounters", sa.Column("eta_at", UtcDateTime(), nullable=True))
    op.add_column("encounters", sa.Column("duplicate_of", sa.String(length=80), nullable=True))
    op.create_index("ix_encounters_patient", "encounters", ["patient_id"], unique=False)


def _make_record() -> None:
    op.create_table(
        "encounter_acts",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("act_id", sa.Uuid(), nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("recorded_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_encounter_acts_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_encounter_acts")),
        sa.UniqueConstraint("tenant_id", "act_id", name=op.f("uq_encounter_acts_tenant_id_act_id")),
    )
    op.create_index(
        "ix_encounter_acts_encounter", "encounter_acts", ["encounter_id", "row_id"], unique=False
    )
    op.create_index(
        op.f("ix_encounter_acts_tenant_id"), "encounter_acts", ["tenant_id"], unique=False
    )
    op.create_table(
        "encounter_ops",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("op_id", sa.Uuid(), nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("path", sa.String(length=80), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("vector", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("winner_op_id", sa.Uuid(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("sent_by", sa.String(length=80), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_encounter_ops_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_encounter_ops")),
        sa.UniqueConstraint("tenant_id", "op_id", name=op.f("uq_encounter_ops_tenant_id_op_id")),
    )
    op.create_index(
        "ix_encounter_ops_encounter", "encounter_ops", ["encounter_id", "row_id"], unique=False
    )
    op.create_index(
        "ix_encounter_ops_path", "encounter_ops", ["encounter_id", "path"], unique=False
    )
    op.create_index(
        op.f("ix_encounter_ops_tenant_id"), "encounter_ops", ["tenant_id"], unique=False
    )
    op.create_table(
        "encounter_versions",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_encounter_versions_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_encounter_versions")),
        sa.UniqueConstraint(
            "encounter_id", "version", name=op.f("uq_encounter_versions_encounter_id_version")
        ),
    )
    op.create_index(
        op.f("ix_encounter_versions_tenant_id"), "encounter_versions", ["tenant_id"], unique=False
    )


def _make_patients() -> None:
    op.create_table(
        "patients",
        sa.Column("patient_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("match_key", sa.String(length=64), nullable=True),
        sa.Column("merged_into", sa.String(length=80), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_patients_tenant_id")
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patients")),
    )
    op.create_index("ix_patients_match", "patients", ["tenant_id", "match_key"], unique=False)
    op.create_index(op.f("ix_patients_tenant_id"), "patients", ["tenant_id"], unique=False)
    op.create_table(
        "patient_identities",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("patient_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_patient_identities_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_patient_identities")),
        sa.UniqueConstraint(
            "patient_id", "version", name=op.f("uq_patient_identities_patient_id_version")
        ),
    )
    op.create_index(
        op.f("ix_patient_identities_tenant_id"), "patient_identities", ["tenant_id"], unique=False
    )
    op.create_table(
        "patient_links",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("patient_id", sa.String(length=80), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_patient_links_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_patient_links")),
    )
    op.create_index(
        "ix_patient_links_encounter", "patient_links", ["encounter_id", "row_id"], unique=False
    )
    op.create_index("ix_patient_links_patient", "patient_links", ["patient_id"], unique=False)
    op.create_index(
        op.f("ix_patient_links_tenant_id"), "patient_links", ["tenant_id"], unique=False
    )
