"""Subscriptions, and the events each of them was given."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

ADDRESS_LENGTH: Final = 2000
WORD_LENGTH: Final = 40


class SubscriptionRow(TenantOwned, Base):
    """One subscription. `status` is requested, active, error or off; `content` empty, id-only or
    full-resource.

    `base` is the address it was made at, which notifications speak of. `sealed_headers` are sent
    with each of them. `events` counts what happened since it was made, `delivered` is the number of
    the last that arrived; `due_at` is when there is something to send, None while there is not.
    """

    __tablename__ = "fhir_subscriptions"
    __table_args__ = (
        Index("ix_fhir_subscriptions_topic", "tenant_id", "topic"),
        Index("ix_fhir_subscriptions_due", "due_at"),
    )

    subscription_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    client_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    status: Mapped[str] = mapped_column(String(WORD_LENGTH))
    topic: Mapped[str] = mapped_column(String(WORD_LENGTH))
    base: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    criteria: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    endpoint: Mapped[str] = mapped_column(String(ADDRESS_LENGTH))
    sealed_headers: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[str] = mapped_column(String(WORD_LENGTH))
    heartbeat_seconds: Mapped[int | None] = mapped_column(Integer)
    timeout_seconds: Mapped[int] = mapped_column(Integer)
    most_events: Mapped[int] = mapped_column(Integer)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    events: Mapped[int] = mapped_column(Integer, default=0)
    delivered: Mapped[int] = mapped_column(Integer, default=0)
    failures: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class NotifiedEventRow(Base):
    """One event of a subscription by its number; `event_id` is that of the outbox."""

    __tablename__ = "fhir_subscription_events"
    __table_args__ = (UniqueConstraint("subscription_id", "event_id"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    subscription_id: Mapped[str] = mapped_column(
        ForeignKey("fhir_subscriptions.subscription_id"), index=True
    )
    number: Mapped[int] = mapped_column(Integer)
    event_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
