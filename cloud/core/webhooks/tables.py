"""Endpoints of webhooks, what is delivered to them, and each attempt, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

ADDRESS_LENGTH: Final = 2000
WORD_LENGTH: Final = 40
TYPE_LENGTH: Final = 80
QUEUED: Final = "queued"
SENDING: Final = "sending"
RETRYING: Final = "retrying"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
DISCARDED: Final = "discarded"
STATES: Final = (QUEUED, SENDING, RETRYING, SUCCEEDED, FAILED, DISCARDED)
"""Of a delivery; the last three are settled."""


class EndpointRow(TenantOwned, Base):
    """An address that a client has events sent to.

    `status` is active, paused (by its owner) or disabled (`status_reason` is gone or
    failing, removed by its owner, or over: a callback that was made). `dialect` and
    `retry_profile` are names of `dialects` and `schedules`.
    `sealed_secrets` is JSON, newest first, each with the time until which it still signs.
    `is_internal` marks the endpoint of one job's callback: it is in no list.

    `failures` counts attempts that failed in a row, `failing_since` is the first of them; they
    close the endpoint until `closed_until`. `is_slow`: its last attempt ran out of time. Who holds
    `lease` until `leased_until` is the only one that sends there; `served_at` is when somebody last
    began to.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (Index("ix_webhook_endpoints_client", "tenant_id", "client_id"),)

    endpoint_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    url: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    description: Mapped[str] = mapped_column(Text, default="")
    events: Mapped[list[str]] = mapped_column(JSON)
    dialect: Mapped[str] = mapped_column(String(WORD_LENGTH))
    retry_profile: Mapped[str] = mapped_column(String(WORD_LENGTH))
    is_internal: Mapped[bool] = mapped_column(Boolean, default=False)
    sealed_secrets: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    status_reason: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_slow: Mapped[bool] = mapped_column(Boolean, default=False)
    last_succeeded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_status: Mapped[int | None] = mapped_column(Integer)
    lease: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    served_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeliveryRow(TenantOwned, Base):
    """One event on its way to one endpoint. `body` is made once: every attempt sends its octets.

    `state` is queued, sending, retrying, succeeded, failed or discarded. `due_at` is None once it
    is settled. `message_id` is the same for every attempt and replay of one event, so that a
    receiver knows what it has; `replay` counts how often it was asked for again. `headers` are this
    message's own beside the signatures (a job's id, its place in a trace). `error` is a word of
    ours.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id", "replay"),
        Index("ix_webhook_deliveries_due", "endpoint_id", "due_at"),
        Index("ix_webhook_deliveries_list", "endpoint_id", "row_id"),
        Index("ix_webhook_deliveries_settled", "settled_at"),
        # What waits is little beside what is kept: counting it must not read all of that.
        Index(
            "ix_webhook_deliveries_waiting",
            "due_at",
            postgresql_where=text("due_at IS NOT NULL"),
            sqlite_where=text("due_at IS NOT NULL"),
        ),
        Index("ix_webhook_deliveries_trace", "trace_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    delivery_id: Mapped[str] = mapped_column(String(ID_LENGTH), unique=True)
    endpoint_id: Mapped[str] = mapped_column(ForeignKey("webhook_endpoints.endpoint_id"))
    message_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    replay: Mapped[int] = mapped_column(Integer, default=0)
    event_type: Mapped[str] = mapped_column(String(TYPE_LENGTH))
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    trace_id: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    is_test: Mapped[bool] = mapped_column(Boolean, default=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(WORD_LENGTH))
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    response_status: Mapped[int | None] = mapped_column(Integer)
    duration_ms: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")


class AttemptRow(Base):
    """One attempt of a delivery. `sealed_answer` is the start of what came back (1 KiB at most);
    only an operator may see it, for it can be of a network we look into from inside.
    """

    __tablename__ = "webhook_attempts"

    delivery_row: Mapped[int] = mapped_column(
        ForeignKey("webhook_deliveries.row_id"), primary_key=True
    )
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    duration_ms: Mapped[int] = mapped_column(Integer)
    response_status: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str] = mapped_column(String(WORD_LENGTH), default="")
    sealed_answer: Mapped[bytes | None] = mapped_column(LargeBinary)


class IncidentRow(Base):
    """Whether an incident was open when we last told of it."""

    __tablename__ = "webhook_incidents"
    __table_args__ = (Index("ix_webhook_incidents_changed", "changed_at"),)

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"), primary_key=True)
    incident_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    is_open: Mapped[bool] = mapped_column(Boolean)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
