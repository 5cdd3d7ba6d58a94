"""Browsers that have the board open.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLE = "board_sessions"


def upgrade() -> None:
    """One row a browser that is signed in."""
    op.create_table(
        _TABLE,
        sa.Column("board_session_id", sa.String(length=80), nullable=False),
        sa.Column("cookie_hash", sa.String(length=64), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("grant_id", sa.String(length=80), nullable=True),
        sa.Column("sealed_token", sa.LargeBinary(), nullable=False),
        sa.Column("renew_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"],
            ["applications.client_id"],
            name=op.f("fk_board_sessions_client_id"),
        ),
        sa.ForeignKeyConstraint(
            ["grant_id"], ["grants.grant_id"], name=op.f("fk_board_sessions_grant_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_board_sessions_tenant_id")
        ),
        sa.PrimaryKeyConstraint("board_session_id", name=op.f("pk_board_sessions")),
        sa.UniqueConstraint("cookie_hash", name=op.f("uq_board_sessions_cookie_hash")),
    )
    for column in ("expires_at", "grant_id", "tenant_id"):
        op.create_index(op.f(f"ix_board_sessions_{column}"), _TABLE, [column], unique=False)


def downgrade() -> None:
    """As it was: whoever had a board open signs in anew."""
    op.drop_table(_TABLE)
