"""Tenants."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.db.base import ID_LENGTH, Base, UtcDateTime


class TenantRow(Base):
    """An organisation whose data is kept apart.

    `pseudonym_key` is sealed by the vault; it turns a person into a pseudonym of this tenant.
    """

    __tablename__ = "tenants"

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)
    pseudonym_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
