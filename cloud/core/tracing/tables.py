"""Spans as they are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import Base, RowNumber, UtcDateTime

NAME_LENGTH: Final = 160
WORD_LENGTH: Final = 20


class SpanRow(TenantOwned, Base):
    """One span of one trace in one tenant: a trace id is its caller's choice, so it may be there
    in two tenants, and neither sees the other's.

    `kind` is request, unit or follower. `facts` hold ids and numbers.
    """

    __tablename__ = "trace_spans"
    __table_args__ = (
        Index("ix_trace_spans_trace", "tenant_id", "trace_id"),
        Index("ix_trace_spans_age", "started_at"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    trace_id: Mapped[str] = mapped_column(String(32))
    span_id: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    microseconds: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
