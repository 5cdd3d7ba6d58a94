"""Documents that were made of an encounter, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Integer, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime


class EncounterDocumentRow(TenantOwned, Base):
    """The document of one version in one projection, as it was first given out.

    `sealed` is the unsigned document, compressed and sealed: identified ones hold the person.
    `signature` is a FHIR Signature over it; it is made anew when its key is published no more.
    """

    __tablename__ = "encounter_documents"
    __table_args__ = (UniqueConstraint("encounter_id", "version", "projection"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    version: Mapped[int] = mapped_column(Integer)
    projection: Mapped[str] = mapped_column(String(16))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    signature: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
