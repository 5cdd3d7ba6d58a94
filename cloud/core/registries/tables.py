"""What is registered on the control plane, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

WORD_LENGTH: Final = 40
DESCRIPTION_LENGTH: Final = 1000


class RegistryItemRow(TenantOwned, Base):
    """One item of one of a tenant's registries. `kind` and `status` are words of the registry's
    own row in `kinds`; `version` counts the changes.
    """

    __tablename__ = "registry_items"
    __table_args__ = (
        UniqueConstraint("tenant_id", "kind", "name"),
        Index("ix_registry_items_list", "tenant_id", "kind", "created_at", "item_id"),
    )

    item_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    description: Mapped[str] = mapped_column(String(DESCRIPTION_LENGTH))
    attributes: Mapped[dict[str, str]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    version: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
