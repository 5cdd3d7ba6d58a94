"""The first schema: tenants and clients, devices, observations, encounters, audit and outbox.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from cloud.db.base import ExactDecimal, RowNumber, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "audit_heads",
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=160), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "client_id", "route", "key", name=op.f("pk_idempotency_keys")
        ),
    )
    op.create_index(
        op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"], unique=False
    )
    op.create_table(
        "outbox",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=80), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("resource_type", sa.String(length=40), nullable=False),
        sa.Column("resource_id", sa.String(length=80), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("relayed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_waiting", "outbox", ["relayed_at", "row_id"], unique=False)
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(length=80), nullable=False),
        sa.Column("public_jwk", sa.JSON(), nullable=False),
        sa.Column("sealed_private_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("retired_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
    )
    op.create_table(
        "tenants",
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("pseudonym_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_tenants")),
        sa.UniqueConstraint("name", name=op.f("uq_tenants_name")),
    )
    op.create_table(
        "applications",
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("grant_types", sa.JSON(), nullable=False),
        sa.Column("redirect_uris", sa.JSON(), nullable=False),
        sa.Column("requested_scopes", sa.JSON(), nullable=False),
        sa.Column("approved_scopes", sa.JSON(), nullable=False),
        sa.Column("governance", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_applications_tenant_id")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_applications")),
    )
    op.create_index(op.f("ix_applications_tenant_id"), "applications", ["tenant_id"], unique=False)
    op.create_table(
        "audit_entries",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("token_id", sa.String(length=80), nullable=False),
        sa.Column("request_id", sa.String(length=80), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("resource_type", sa.String(length=40), nullable=False),
        sa.Column("resource_id", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["audit_heads.tenant_id"], name=op.f("fk_audit_entries_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint(
            "tenant_id", "position", name=op.f("uq_audit_entries_tenant_id_position")
        ),
    )
    op.create_table(
        "devices",
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("system_id", sa.String(length=128), nullable=True),
        sa.Column("enrolment_key", sa.String(length=64), nullable=True),
        sa.Column("serial_number", sa.Text(), nullable=False),
        sa.Column("device_class", sa.String(length=20), nullable=True),
        sa.Column("manufacturer", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("firmware", sa.Text(), nullable=False),
        sa.Column("hardware", sa.Text(), nullable=False),
        sa.Column("software", sa.Text(), nullable=False),
        sa.Column("udi", sa.Text(), nullable=False),
        sa.Column("specializations", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=True),
        sa.Column("gateway_id", sa.String(length=80), nullable=True),
        sa.Column("battery_pct", sa.Integer(), nullable=True),
        sa.Column("discovered_at", UtcDateTime(), nullable=False),
        sa.Column("enrolled_at", UtcDateTime(), nullable=True),
        sa.Column("last_seen_at", UtcDateTime(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_devices_tenant_id")
        ),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_devices")),
        sa.UniqueConstraint("enrolment_key", name=op.f("uq_devices_enrolment_key")),
        sa.UniqueConstraint("tenant_id", "system_id", name=op.f("uq_devices_tenant_id_system_id")),
    )
    op.create_index("ix_devices_serial", "devices", ["tenant_id", "serial_number"], unique=False)
    op.create_index("ix_devices_silence", "devices", ["status", "last_seen_at"], unique=False)
    op.create_index(op.f("ix_devices_tenant_id"), "devices", ["tenant_id"], unique=False)
    op.create_index(op.f("ix_devices_vehicle_id"), "devices", ["vehicle_id"], unique=False)
    op.create_table(
        "encounters",
        sa.Column("encounter_id", sa.String(length=80), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("care_model", sa.String(length=40), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=False),
        sa.Column("cad_incident_id", sa.String(length=80), nullable=False),
        sa.Column("crew_ids", sa.JSON(), nullable=False),
        sa.Column("patient_pseudonym", sa.String(length=64), nullable=False),
        sa.Column("sex", sa.String(length=8), nullable=True),
        sa.Column("chief_complaint", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("triage", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("handover_at", UtcDateTime(), nullable=True),
        sa.Column("destination", sa.String(length=80), nullable=True),
        sa.Column("received_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_encounters_tenant_id")
        ),
        sa.PrimaryKeyConstraint("encounter_id", name=op.f("pk_encounters")),
        sa.UniqueConstraint(
            "tenant_id",
            "cad_incident_id",
            "vehicle_id",
            name=op.f("uq_encounters_tenant_id_cad_incident_id_vehicle_id"),
        ),
    )
    op.create_index(
        "ix_encounters_binding",
        "encounters",
        ["tenant_id", "vehicle_id", "started_at"],
        unique=False,
    )
    op.create_index(
        "ix_encounters_list",
        "encounters",
        ["tenant_id", "updated_at", "encounter_id"],
        unique=False,
    )
    op.create_index(op.f("ix_encounters_tenant_id"), "encounters", ["tenant_id"], unique=False)
    op.create_table(
        "vehicles",
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_vehicles_tenant_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "vehicle_id", name=op.f("pk_vehicles")),
    )
    op.create_table(
        "application_secrets",
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("client_id", sa.String(length=80), nullable=False),
        sa.Column("secret_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["applications.client_id"], name=op.f("fk_application_secrets_client_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_application_secrets")),
    )
    op.create_index(
        op.f("ix_application_secrets_client_id"), "application_secrets", ["client_id"], unique=False
    )
    op.create_table(
        "gateways",
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("vehicle_id", sa.String(length=80), nullable=True),
        sa.Column("last_seen_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["applications.client_id"], name=op.f("fk_gateways_gateway_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_gateways_tenant_id")
        ),
        sa.PrimaryKeyConstraint("gateway_id", name=op.f("pk_gateways")),
    )
    op.create_index(op.f("ix_gateways_tenant_id"), "gateways", ["tenant_id"], unique=False)
    op.create_table(
        "observations",
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("value", ExactDecimal(), nullable=True),
        sa.Column("special", sa.String(length=12), nullable=True),
        sa.Column("components", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("code_cf", sa.BigInteger(), nullable=True),
        sa.Column("bits", sa.BigInteger(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("observation_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("gateway_id", sa.String(length=80), nullable=True),
        sa.Column("vehicle_id", sa.String(length=80), nullable=True),
        sa.Column("encounter_id", sa.String(length=80), nullable=True),
        sa.Column("type_cf", sa.BigInteger(), nullable=False),
        sa.Column("unit_term", sa.Integer(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("supplements", sa.JSON(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("time_quality", sa.String(length=16), nullable=False),
        sa.Column("device_time_kind", sa.String(length=16), nullable=True),
        sa.Column("device_time", sa.String(length=40), nullable=True),
        sa.Column("captured_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=True),
        sa.Column("boot_epoch", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_observations_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_observations_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_observations")),
        sa.UniqueConstraint(
            "tenant_id", "observation_id", name=op.f("uq_observations_tenant_id_observation_id")
        ),
    )
    op.create_index(
        "ix_observations_device", "observations", ["device_id", "observed_at"], unique=False
    )
    op.create_index(
        "ix_observations_encounter", "observations", ["encounter_id", "row_id"], unique=False
    )
    op.create_index(
        "ix_observations_vehicle",
        "observations",
        ["tenant_id", "vehicle_id", "observed_at"],
        unique=False,
    )
    op.create_table(
        "waveforms",
        sa.Column("samples", sa.LargeBinary(), nullable=False),
        sa.Column("sample_count", sa.Integer(), nullable=False),
        sa.Column("scale", ExactDecimal(), nullable=False),
        sa.Column("sample_offset", ExactDecimal(), nullable=False),
        sa.Column("period_us", sa.BigInteger(), nullable=False),
        sa.Column("report_sequence", sa.BigInteger(), nullable=True),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("row_id", RowNumber, autoincrement=True, nullable=False),
        sa.Column("observation_id", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("gateway_id", sa.String(length=80), nullable=True),
        sa.Column("vehicle_id", sa.String(length=80), nullable=True),
        sa.Column("encounter_id", sa.String(length=80), nullable=True),
        sa.Column("type_cf", sa.BigInteger(), nullable=False),
        sa.Column("unit_term", sa.Integer(), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("supplements", sa.JSON(), nullable=False),
        sa.Column("observed_at", UtcDateTime(), nullable=False),
        sa.Column("time_quality", sa.String(length=16), nullable=False),
        sa.Column("device_time_kind", sa.String(length=16), nullable=True),
        sa.Column("device_time", sa.String(length=40), nullable=True),
        sa.Column("captured_at", UtcDateTime(), nullable=True),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=True),
        sa.Column("boot_epoch", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_waveforms_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_waveforms_tenant_id")
        ),
        sa.PrimaryKeyConstraint("row_id", name=op.f("pk_waveforms")),
        sa.UniqueConstraint(
            "tenant_id", "observation_id", name=op.f("uq_waveforms_tenant_id_observation_id")
        ),
    )
    op.create_index(
        "ix_waveforms_device", "waveforms", ["device_id", "type_cf", "observed_at"], unique=False
    )
    op.create_index("ix_waveforms_encounter", "waveforms", ["encounter_id", "row_id"], unique=False)
    op.create_index(
        "ix_waveforms_vehicle",
        "waveforms",
        ["tenant_id", "vehicle_id", "observed_at"],
        unique=False,
    )
    op.create_table(
        "device_descriptions",
        sa.Column("gateway_id", sa.String(length=80), nullable=False),
        sa.Column("stream", sa.String(length=40), nullable=False),
        sa.Column("boot_epoch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.String(length=80), nullable=False),
        sa.Column("device_id", sa.String(length=80), nullable=False),
        sa.Column("captured_at", UtcDateTime(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("info", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["device_id"], ["devices.device_id"], name=op.f("fk_device_descriptions_device_id")
        ),
        sa.ForeignKeyConstraint(
            ["gateway_id"], ["gateways.gateway_id"], name=op.f("fk_device_descriptions_gateway_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.tenant_id"], name=op.f("fk_device_descriptions_tenant_id")
        ),
        sa.PrimaryKeyConstraint(
            "gateway_id", "stream", "boot_epoch", "sequence", name=op.f("pk_device_descriptions")
        ),
    )
    op.create_index(
        op.f("ix_device_descriptions_device_id"), "device_descriptions", ["device_id"], unique=False
    )


def downgrade() -> None:
    """Remove every table."""

    op.drop_index(op.f("ix_device_descriptions_device_id"), table_name="device_descriptions")
    op.drop_table("device_descriptions")
    op.drop_index("ix_waveforms_vehicle", table_name="waveforms")
    op.drop_index("ix_waveforms_encounter", table_name="waveforms")
    op.drop_index("ix_waveforms_device", table_name="waveforms")
    op.drop_table("waveforms")
    op.drop_index("ix_observations_vehicle", table_name="observations")
    op.drop_index("ix_observations_encounter", table_name="observations")
    op.drop_index("ix_observations_device", table_name="observations")
    op.drop_table("observations")
    op.drop_index(op.f("ix_gateways_tenant_id"), table_name="gateways")
    op.drop_table("gateways")
    op.drop_index(op.f("ix_application_secrets_client_id"), table_name="application_secrets")
    op.drop_table("application_secrets")
    op.drop_table("vehicles")
    op.drop_index(op.f("ix_encounters_tenant_id"), table_name="encounters")
    op.drop_index("ix_encounters_list", table_name="encounters")
    op.drop_index("ix_encounters_binding", table_name="encounters")
    op.drop_table("encounters")
    op.drop_index(op.f("ix_devices_vehicle_id"), table_name="devices")
    op.drop_index(op.f("ix_devices_tenant_id"), table_name="devices")
    op.drop_index("ix_devices_silence", table_name="devices")
    op.drop_index("ix_devices_serial", table_name="devices")
    op.drop_table("devices")
    op.drop_table("audit_entries")
    op.drop_index(op.f("ix_applications_tenant_id"), table_name="applications")
    op.drop_table("applications")
    op.drop_table("tenants")
    op.drop_table("signing_keys")
    op.drop_index("ix_outbox_waiting", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_idempotency_keys_created_at"), table_name="idempotency_keys")
    op.drop_table("idempotency_keys")
    op.drop_table("audit_heads")
