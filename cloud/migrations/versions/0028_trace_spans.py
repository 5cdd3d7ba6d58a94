"""Traces: spans, and which trace an event belongs to.

Revision ID: 0028
Revises: 0027
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "trace_spans",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("span_id", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("microseconds", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_trace_spans_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_trace_spans")),
    )
    op.create_index("ix_trace_spans_age", "trace_spans", ["started_at"], unique=False)
    op.create_index(op.f("ix_trace_spans_tenant_id"), "trace_spans", ["tenant_id"], unique=False)
    op.create_index("ix_trace_spans_trace", "trace_spans", ["tenant_id", "trace_id"], unique=False)
    op.add_column("outbox", sa.Column("trace_id", sa.String(length=32), nullable=True))
    op.add_column("outbox", sa.Column("span_id", sa.String(length=16), nullable=True))
    op.add_column("outbox", sa.Column("parent_span_id", sa.String(length=16), nullable=True))
    op.create_index("ix_outbox_trace", "outbox", ["trace_id"], unique=False)
    op.create_index("ix_webhook_deliveries_trace", "webhook_deliveries", ["trace_id"], unique=False)
