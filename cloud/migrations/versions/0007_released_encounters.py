"""When the crew released an encounter.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_RELEASED = """
UPDATE encounters SET released_at = (
    SELECT MIN(event.happened_at) FROM crew_events AS event
    WHERE event.tenant_id = encounters.tenant_id
    AND event.encounter_id = encounters.encounter_id
    AND event.kind = 'encounter_released'
    AND event.encounter_ref <> ''
    AND NOT EXISTS (
        SELECT 1 FROM crew_events AS undo
        WHERE undo.tenant_id = event.tenant_id AND undo.undoes = event.event_id
    )
)
"""


def upgrade() -> None:
    """A column more; what was released before ends at its release for readings to come."""
    op.add_column("encounters", sa.Column("released_at", UtcDateTime(), nullable=True))
    op.execute(_RELEASED)
