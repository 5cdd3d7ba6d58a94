"""Jobs and their results, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime

WORD_LENGTH: Final = 40
MEDIA_TYPE_LENGTH: Final = 80


class JobRow(TenantOwned, Base):
    """One piece of long work. `status` is queued, running, succeeded, failed or cancelled.

    `scopes` are those its client held when it asked; what was taken from the client since is not
    used. Who holds `lease` works on it and says so at `heartbeat_at`; `runs` counts how often
    somebody began. `done` of `total` is its progress, both counted in what the kind works through.
    `endpoint_id` is where its end is told, `reason` a word of ours for why it failed.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_waiting", "status", "created_at"),
        Index("ix_jobs_client", "tenant_id", "client_id", "created_at"),
        Index("ix_jobs_expiring", "expires_at"),
    )

    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    user_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    trace_id: Mapped[str] = mapped_column(String(WORD_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    runs: Mapped[int] = mapped_column(Integer, default=0)
    is_cancel_asked: Mapped[bool] = mapped_column(Boolean, default=False)
    done: Mapped[int] = mapped_column(Integer, default=0)
    total: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    media_type: Mapped[str] = mapped_column(String(MEDIA_TYPE_LENGTH), default="")
    octets: Mapped[int] = mapped_column(BigInteger, default=0)
    endpoint_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))


class JobResultRow(Base):
    """A piece of a job's result, compressed and sealed; the whole is all pieces in order."""

    __tablename__ = "job_results"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.job_id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
