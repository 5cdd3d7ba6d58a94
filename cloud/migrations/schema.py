"""Every table, in one place for alembic: importing a table's module registers it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import MetaData

from cloud.core.authorization import board_tables as boards
from cloud.core.authorization import credential_tables as credentials
from cloud.core.authorization import grant_tables as grants
from cloud.core.authorization import tables as authorization
from cloud.core.curation import tables as curation
from cloud.core.devices import fleet_tables as fleet
from cloud.core.devices import history_tables as device_history
from cloud.core.devices import tables as devices
from cloud.core.encounters import crew_tables as crew
from cloud.core.encounters import document_tables as documents
from cloud.core.encounters import erased
from cloud.core.encounters import placement_tables as placements
from cloud.core.encounters import record_tables as records
from cloud.core.encounters import tables as encounters
from cloud.core.entitlements import tables as entitlements
from cloud.core.exchange import tables as exchange
from cloud.core.federation import tables as federation
from cloud.core.identity import tables as identity
from cloud.core.jobs import tables as jobs
from cloud.core.kernel import audit, idempotency, outbox
from cloud.core.observations import tables as observations
from cloud.core.quality import tables as quality
from cloud.core.registries import tables as registries
from cloud.core.retention import tables as retention
from cloud.core.subscriptions import tables as subscriptions
from cloud.core.telephony import tables as telephony
from cloud.core.tracing import tables as tracing
from cloud.core.webhooks import tables as webhooks
from cloud.db.base import Base
from cloud.db.monthly import is_part

MODULES: Final = (
    audit,
    authorization,
    boards,
    credentials,
    crew,
    curation,
    device_history,
    devices,
    documents,
    encounters,
    entitlements,
    erased,
    exchange,
    federation,
    fleet,
    grants,
    idempotency,
    jobs,
    identity,
    observations,
    outbox,
    retention,
    placements,
    quality,
    records,
    registries,
    subscriptions,
    telephony,
    tracing,
    webhooks,
)


def metadata() -> MetaData:
    """The schema as the code wants it."""
    return Base.metadata


MONTHLY: Final = ("observations", "waveforms")
"""Tables that PostgreSQL keeps by the month."""
_SAID_BY_KEYS: Final = frozenset(f"uq_{name}_observation_id_tenant_id" for name in MONTHLY)
_UNMAPPED: Final = frozenset(("reading_months", *(f"{name}_keys" for name in MONTHLY)))


def is_compared(item: object, name: str | None, kind: str, *_: object) -> bool:
    """Whether alembic may compare a thing of the schema with the code's.

    PostgreSQL's partitions and keys are of the database alone, and what SQLite says by a unique
    constraint they say instead.
    """
    del item
    if kind == "table":
        return name not in _UNMAPPED and not is_part(name or "", MONTHLY)
    return kind != "unique_constraint" or name not in _SAID_BY_KEYS
