"""What an organisation asked to be let into, and what was decided, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

WORD_LENGTH: Final = 40
JUSTIFICATION_LENGTH: Final = 2000
REASON_LENGTH: Final = 200


class AccessRequestRow(TenantOwned, Base):
    """One request for one capability. `status` is pending, approved, refused or revoked; while it
    is approved the tenant has reviewed access.

    `stands` is true while it is pending or approved and null afterwards, so that the database
    itself keeps a tenant from having two at once.
    """

    __tablename__ = "access_requests"
    __table_args__ = (
        UniqueConstraint("tenant_id", "capability", "stands"),
        Index("ix_access_requests_list", "requested_at", "request_id"),
    )

    request_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    capability: Mapped[str] = mapped_column(String(WORD_LENGTH))
    justification: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    stands: Mapped[bool | None]
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    requested_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str] = mapped_column(String(REASON_LENGTH), default="")
