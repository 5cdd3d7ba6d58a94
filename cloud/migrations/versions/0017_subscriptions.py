"""Subscriptions, and the events each was given.

Revision ID: 0017
Revises: 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import RowNumber, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "fhir_subscriptions",
        sa.Column("subscription_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=40), nullable=False),
        sa.Column("base", sa.String(length=2000), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.String(length=2000), nullable=False),
        sa.Column("sealed_headers", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.String(length=40), nullable=False),
        sa.Column("heartbeat_seconds", sa.Integer(), nullable=True),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("most_events", sa.Integer(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_fhir_subscriptions_tenant_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_fhir_subscriptions")),
    )
    op.create_index("ix_fhir_subscriptions_due", "fhir_subscriptions", ["due_at"], unique=False)
    op.create_index(
        op.f("ix_fhir_subscriptions_tenant_id"), "fhir_subscriptions", ["tenant_id"], unique=False
    )
    op.create_index(
        "ix_fhir_subscriptions_topic", "fhir_subscriptions", ["tenant_id", "topic"], unique=False
    )
    op.create_table(
        "fhir_subscription_events",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("subscription_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("happened_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["fhir_subscriptions.subscription_id"],
            name=op.f("fk_fhir_subscription_events_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_fhir_subscription_events")),
        sa.UniqueConstraint(
            "subscription_id",
            "event_id",
            name=op.f("uq_fhir_subscription_events_subscription_id_event_id"),
        ),
    )
    op.create_index(
        op.f("ix_fhir_subscription_events_subscription_id"),
        "fhir_subscription_events",
        ["subscription_id"],
        unique=False,
    )
