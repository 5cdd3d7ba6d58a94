"""What the cloud knows of its gateways: commands, certificates, configurations, reports."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime


class CommandRow(TenantOwned, Base):
    """One command to one gateway. `status`: open, or the outcome of its answer.

    `next_at` is when it goes (again) to the gateway, None once it needs not.
    """

    __tablename__ = "gateway_commands"
    __table_args__ = (
        Index("ix_gateway_commands_due", "next_at", "gateway_id"),
        Index("ix_gateway_commands_list", "gateway_id", "issued_at", "command_id"),
    )

    command_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    gateway_id: Mapped[str] = mapped_column(ForeignKey("gateways.gateway_id"))
    kind: Mapped[str] = mapped_column(String(64))
    octets: Mapped[bytes] = mapped_column(LargeBinary)
    issued_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20))
    deliveries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(80), default="")
    facts: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class InvitationRow(TenantOwned, Base):
    """A one-time code by its hash alone; used once `used_at` is set."""

    __tablename__ = "gateway_invitations"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    vehicle_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gateway_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))


class CertificateRow(TenantOwned, Base):
    """A certificate of ours, by its serial number in hexadecimal digits."""

    __tablename__ = "gateway_certificates"

    serial: Mapped[str] = mapped_column(String(40), primary_key=True)
    gateway_id: Mapped[str] = mapped_column(ForeignKey("gateways.gateway_id"), index=True)
    not_before: Mapped[datetime] = mapped_column(UtcDateTime)
    not_after: Mapped[datetime] = mapped_column(UtcDateTime)
    key_hash: Mapped[str] = mapped_column(String(64))
    pem: Mapped[str] = mapped_column(Text)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FleetKeyRow(Base):
    """A private key of the fleet, sealed: of the authority, or the one that signs configurations.

    `public` is the authority's certificate or the other key's public part, in PEM.
    """

    __tablename__ = "fleet_keys"

    key_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20), unique=True)
    public: Mapped[str] = mapped_column(Text)
    sealed_private_key: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ConfigurationRow(TenantOwned, Base):
    """One version of one gateway's configuration. `status`: sent, applied, refused, rolled_back."""

    __tablename__ = "gateway_configurations"

    gateway_id: Mapped[str] = mapped_column(ForeignKey("gateways.gateway_id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    signed: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by: Mapped[str] = mapped_column(String(ID_LENGTH))
    command_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GatewayReportRow(TenantOwned, Base):
    """What a gateway last said of itself; `link`: online or offline at the broker, or empty."""

    __tablename__ = "gateway_reports"

    gateway_id: Mapped[str] = mapped_column(ForeignKey("gateways.gateway_id"), primary_key=True)
    link: Mapped[str] = mapped_column(String(20), default="")
    link_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    reported_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[str] = mapped_column(String(40), default="")
    backlog_rows: Mapped[int | None]
    oldest_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    configuration_version: Mapped[int | None]


class BoardEnrolmentRow(TenantOwned, Base):
    """A device enrolled on board: what was said of it, and what became of it.

    `outcome`: `enrolled`, `waiting`, or the reason why it was refused; `waits_for` says what for.
    `received_at` is when the gateway said it last, `decided_at` when the outcome last changed.
    """

    __tablename__ = "board_enrolments"
    __table_args__ = (Index("ix_board_enrolments_waiting", "tenant_id", "outcome"),)

    enrolment_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    gateway_id: Mapped[str] = mapped_column(ForeignKey("gateways.gateway_id"), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(40))
    waits_for: Mapped[str] = mapped_column(String(20), default="")
    device_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    home: Mapped[str] = mapped_column(String(ID_LENGTH), default="")
    said: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
