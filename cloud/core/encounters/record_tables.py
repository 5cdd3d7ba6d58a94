"""What people tell about an encounter, and who the patient is, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Index, Integer, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy import Uuid as UuidType
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, RowNumber, UtcDateTime

PATH_LENGTH = 80
WORD_LENGTH = 40


class EncounterOpRow(TenantOwned, Base):
    """One operation of a change sent by a crew's device; never altered but in what became of it.

    `vector` maps device to count. `outcome` is applied, superseded (by `winner_op_id`) or conflict.
    `sent_by` is the client that brought it; `digest` is of path, value, time and vector, so that a
    repeat is told from another operation under the same id.
    """

    __tablename__ = "encounter_ops"
    __table_args__ = (
        UniqueConstraint("tenant_id", "op_id"),
        Index("ix_encounter_ops_encounter", "encounter_id", "row_id"),
        Index("ix_encounter_ops_path", "encounter_id", "path"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    op_id: Mapped[UUID] = mapped_column(UuidType)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    device_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    path: Mapped[str] = mapped_column(String(PATH_LENGTH))
    value: Mapped[Any] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    vector: Mapped[dict[str, int]] = mapped_column(JSON)
    digest: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(16))
    winner_op_id: Mapped[UUID | None] = mapped_column(UuidType)
    flags: Mapped[list[str]] = mapped_column(JSON)
    sent_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EncounterActRow(TenantOwned, Base):
    """One thing that happened to an encounter as a whole. Never altered, never removed."""

    __tablename__ = "encounter_acts"
    __table_args__ = (
        UniqueConstraint("tenant_id", "act_id"),
        Index("ix_encounter_acts_encounter", "encounter_id", "row_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    act_id: Mapped[UUID] = mapped_column(UuidType)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class EncounterVersionRow(TenantOwned, Base):
    """The record as it stood: at the handover, at completion, and at every amendment after."""

    __tablename__ = "encounter_versions"
    __table_args__ = (UniqueConstraint("encounter_id", "version"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    version: Mapped[int] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(WORD_LENGTH))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    record: Mapped[dict[str, Any]] = mapped_column(JSON)


class PatientRow(TenantOwned, Base):
    """Somebody who was or is a patient. `status`: unknown, partly_known or known.

    `pseudonym` is keyed by the tenant. `match_key` is the keyed digest of a verified NHS number, so
    that the same person is found again without the number being readable.
    """

    __tablename__ = "patients"
    __table_args__ = (
        Index("ix_patients_match", "tenant_id", "match_key"),
        Index("ix_patients_pseudonym", "tenant_id", "pseudonym"),
    )

    patient_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    status: Mapped[str] = mapped_column(String(16))
    pseudonym: Mapped[str] = mapped_column(String(64))
    match_key: Mapped[str | None] = mapped_column(String(64))
    merged_into: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PatientIdentityRow(TenantOwned, Base):
    """One version of who a patient is, sealed by the vault; the newest counts."""

    __tablename__ = "patient_identities"
    __table_args__ = (UniqueConstraint("patient_id", "version"),)

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    patient_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    version: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class PatientLinkRow(TenantOwned, Base):
    """That an encounter was a patient's from one time to another; `until` None while it is."""

    __tablename__ = "patient_links"
    __table_args__ = (
        Index("ix_patient_links_encounter", "encounter_id", "row_id"),
        Index("ix_patient_links_patient", "patient_id"),
    )

    row_id: Mapped[int] = mapped_column(RowNumber, primary_key=True, autoincrement=True)
    encounter_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    patient_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    since: Mapped[datetime] = mapped_column(UtcDateTime)
    until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(ID_LENGTH))
    ended_by: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    reason: Mapped[str] = mapped_column(Text)
