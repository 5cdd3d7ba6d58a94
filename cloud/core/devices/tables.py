"""Vehicles, gateways and devices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.orm import Mapped, mapped_column

from cloud.core.kernel.names import LONGEST_NAME
from cloud.core.kernel.tenancy import TenantOwned
from cloud.db.base import ID_LENGTH, Base, UtcDateTime


class VehicleRow(Base):
    """A vehicle as its tenant names it; known once anything mentions it."""

    __tablename__ = "vehicles"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"), primary_key=True)
    vehicle_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class GatewayRow(TenantOwned, Base):
    """A gateway: an OAuth client and an MQTT user of the same name and secret."""

    __tablename__ = "gateways"

    gateway_id: Mapped[str] = mapped_column(ForeignKey("applications.client_id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    vehicle_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class DeviceRow(TenantOwned, Base):
    """One device. `status`: discovered, active, offline, retired, quarantined.

    `system_id` is hexadecimal, None for a device enrolled by its serial number alone.
    `enrolment_key` stands for manufacturer and serial while the device is enrolled, so that no
    two organisations hold one device at a time.

    `vehicle_id` is where it belongs since `vehicle_since`: where somebody assigned it
    (`is_assigned`), else where it was heard last. `heard_in` is where it was heard last in any
    case. `calibration_source` says who told the calibration: `person` or `device`.
    """

    __tablename__ = "devices"
    __table_args__ = (
        UniqueConstraint("tenant_id", "system_id"),
        Index("ix_devices_serial", "tenant_id", "serial_number"),
        Index("ix_devices_silence", "status", "last_seen_at"),
    )

    device_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    system_id: Mapped[str | None] = mapped_column(String(128))
    enrolment_key: Mapped[str | None] = mapped_column(String(64), unique=True)
    serial_number: Mapped[str] = mapped_column(Text, default="")
    device_class: Mapped[str | None] = mapped_column(String(20))
    manufacturer: Mapped[str] = mapped_column(Text, default="")
    model: Mapped[str] = mapped_column(Text, default="")
    firmware: Mapped[str] = mapped_column(Text, default="")
    hardware: Mapped[str] = mapped_column(Text, default="")
    software: Mapped[str] = mapped_column(Text, default="")
    udi: Mapped[str] = mapped_column(Text, default="")
    specializations: Mapped[list[Any]] = mapped_column(JSON, default=list)
    status: Mapped[str] = mapped_column(String(20))
    vehicle_id: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    gateway_id: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    vehicle_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_assigned: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    heard_in: Mapped[str | None] = mapped_column(String(ID_LENGTH))
    status_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    battery_pct: Mapped[int | None] = mapped_column(Integer)
    battery_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calibrated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calibration_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    calibration_source: Mapped[str | None] = mapped_column(String(10))
    discovered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeviceDescriptionRow(Base):
    """What a device said about itself, once per capture key: the history behind `DeviceRow`."""

    __tablename__ = "device_descriptions"

    gateway_id: Mapped[str] = mapped_column(ForeignKey("gateways.gateway_id"), primary_key=True)
    stream: Mapped[str] = mapped_column(String(40), primary_key=True)
    boot_epoch: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.tenant_id"))
    device_id: Mapped[str] = mapped_column(ForeignKey("devices.device_id"), index=True)
    captured_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    info: Mapped[dict[str, Any]] = mapped_column(JSON)
