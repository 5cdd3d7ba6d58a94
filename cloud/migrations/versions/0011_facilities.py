"""Applications may belong to a facility, and a patient is found by their pseudonym.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Those that are there belong to none until an operator says so."""
    op.add_column("applications", sa.Column("facility_id", sa.String(length=80), nullable=True))
    op.create_index("ix_patients_pseudonym", "patients", ["tenant_id", "pseudonym"], unique=False)
