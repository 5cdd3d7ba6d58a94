"""Which bundles were granted to which applications, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

BUNDLE_LENGTH = 40


class OperationGrantRow(TenantOwned, Base):
    """One version of a bundle in the hands of one application; gone when it is taken back."""

    __tablename__ = "operation_grants"
    __table_args__ = (UniqueConstraint("client_id", "bundle", "version"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"))
    bundle: Mapped[str] = mapped_column(String(BUNDLE_LENGTH))
    version: Mapped[int]
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    granted_by: Mapped[str] = mapped_column(String(ID_LENGTH))
