"""Observations and waveforms as rows."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy import (
    text as sql_text,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, ExactDecimal, RowNumber, UtcDateTime

PLACE_LENGTH: Final = 64


def _partial_indexes(table: str) -> tuple[Index, Index]:
    """Rows of an encounter as they were stored; rows that an encounter may still claim."""
    charted, unbound = sql_text("encounter_id IS NOT NULL"), sql_text("encounter_id IS NULL")
    return (
        Index(
            f"ix_{table}_encounter",
            *("encounter_id", "row_id"),
            postgresql_where=charted,
            sqlite_where=charted,
        ),
        Index(
            f"ix_{table}_unbound",
            *("tenant_id", "vehicle_id", "observed_at"),
            postgresql_where=unbound,
            sqlite_where=unbound,
        ),
    )


class Measured(TenantOwned):
    """What every stored observation has.

    `observation_id` is the measurement's own identity: unique in its tenant, so a repeat is no
    second row. Codes are context-free 32-bit numbers. (`stream`, `boot_epoch`, `sequence`) is the
    capture key of the gateway, absent over the API. `octets` is the place in the gateway's recorder
    of what it was decoded from, absent where nothing was recorded.

    Tenant and device are no checked references: both were looked up in the transaction that writes
    the row, nothing removes either, and the check would cost as much as an index.

    PostgreSQL keeps the rows by the month of `observed_at` (`cloud.db.monthly`) and the identities
    in a table of keys (`keys`). What is asked for is found by one of these, the time given where
    it is known, so that other months are not looked into: encounter and row number (`months`
    knows an encounter's months); device and time; the rows of a vehicle that belong to no encounter
    by time; the observation id (`queries.find_rows`). A search by date alone goes device by device.
    An `UPDATE` of `encounter_id` may be written by whoever binds readings: a trigger notes the
    months of the rows. A row's time is never changed.
    """

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    observation_id: Mapped[UUID] = mapped_column(Uuid)
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    gateway_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    vehicle_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    encounter_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    type_cf: Mapped[int] = mapped_column(BigInteger)
    unit_term: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[int] = mapped_column(Integer)
    supplements: Mapped[list[int]] = mapped_column(JSON)
    observed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    time_quality: Mapped[str] = mapped_column(String(16))
    device_time_kind: Mapped[str | None] = mapped_column(String(16))
    device_time: Mapped[str | None] = mapped_column(String(40))
    captured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stream: Mapped[str | None] = mapped_column(String(40))
    boot_epoch: Mapped[int | None] = mapped_column(BigInteger)
    sequence: Mapped[int | None] = mapped_column(BigInteger)
    octets: Mapped[str | None] = mapped_column(String(PLACE_LENGTH))
    flags: Mapped[list[str]] = mapped_column(JSON)


class ObservationRow(Measured, Base):
    """A number, several numbers, a code, bits or a text; `kind` says which columns speak.

    numeric: `value` or `special`, with `unit_term`. compound: `components`, a list of
    [code, unit term, digits or None, special or None]. coded: `code_cf`. bits: `bits` of `width`.
    text: `text`.
    """

    __tablename__ = "observations"
    __table_args__ = (
        # On PostgreSQL the keys say it, see `keys`.
        UniqueConstraint("observation_id", "tenant_id").ddl_if(dialect="sqlite"),
        Index("ix_observations_device", "device_id", "observed_at"),
        *_partial_indexes("observations"),
    )

    kind: Mapped[str] = mapped_column(String(12))
    value: Mapped[Decimal | None] = mapped_column(ExactDecimal)
    special: Mapped[str | None] = mapped_column(String(12))
    components: Mapped[list[Any] | None] = mapped_column(JSON(none_as_null=True))
    code_cf: Mapped[int | None] = mapped_column(BigInteger)
    bits: Mapped[int | None] = mapped_column(BigInteger)
    width: Mapped[int | None] = mapped_column(Integer)
    text: Mapped[str | None] = mapped_column(Text)


class WaveformRow(Measured, Base):
    """A stretch of samples: consecutive little-endian signed 32-bit values."""

    __tablename__ = "waveforms"
    __table_args__ = (
        UniqueConstraint("observation_id", "tenant_id").ddl_if(dialect="sqlite"),
        Index("ix_waveforms_device", "device_id", "type_cf", "observed_at"),
        *_partial_indexes("waveforms"),
    )

    samples: Mapped[bytes] = mapped_column(LargeBinary)
    sample_count: Mapped[int] = mapped_column(Integer)
    scale: Mapped[Decimal] = mapped_column(ExactDecimal)
    offset: Mapped[Decimal] = mapped_column("sample_offset", ExactDecimal)
    period_us: Mapped[int] = mapped_column(BigInteger)
    report_sequence: Mapped[int | None] = mapped_column(BigInteger)


class StreamRow(TenantOwned, Base):
    """How far one stream of a gateway is settled.

    `known`: stretches [first, last] of sequences that are committed or never come; `refused`:
    stretches of those that were refused. Of the sequences up to `through` none is needed any more.
    `gaps` are open between the stretches; `missing` rows were never here and never come.
    """

    __tablename__ = "uplink_streams"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"))
    gateway_id: Mapped[str] = mapped_column(ForeignKey("gateways.gateway_id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(40), primary_key=True)
    boot_epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    through: Mapped[int] = mapped_column(BigInteger)
    known: Mapped[list[list[int]]] = mapped_column(JSON)
    refused: Mapped[list[list[int]]] = mapped_column(JSON)
    gaps: Mapped[int] = mapped_column(Integer)
    missing: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
