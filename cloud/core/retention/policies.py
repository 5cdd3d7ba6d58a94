"""How long a tenant keeps waveforms, other readings and whole records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cloud.core.kernel import audit
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork
from cloud.core.retention.tables import RetentionPolicyRow

LONGEST: Final = 36_500
FOR_EVER: Final = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPolicy:
    """Days each kind is kept after it was observed and received; 0: for ever.

    A record is all that is known of an encounter, its readings and waveforms among it.
    """

    waveform_days: int = FOR_EVER
    reading_days: int = FOR_EVER
    record_days: int = FOR_EVER

    def __post_init__(self) -> None:
        days = (self.waveform_days, self.reading_days, self.record_days)
        if not all(0 <= one <= LONGEST for one in days):
            raise InvalidError("invalid_retention", f"Send 0 (for ever) to {LONGEST} days.")
        lengths = [one or LONGEST + 1 for one in days]
        if lengths != sorted(lengths):
            raise InvalidError(
                "invalid_retention",
                "Keep readings as long as waveforms, and records as long as readings, or longer.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPolicy:
    """What a tenant says of it; None: as the installation keeps it."""

    waveform_days: int | None = None
    reading_days: int | None = None
    record_days: int | None = None


STANDARD: Final = RetentionPolicy()
"""Nothing goes unless somebody says so."""


def policy_of(work: UnitOfWork, tenant_id: str, standard: RetentionPolicy) -> RetentionPolicy:
    """What holds for a tenant, where it says nothing the installation's `standard`."""
    row = work.session.get(RetentionPolicyRow, tenant_id)
    return standard if row is None else _put_together(_wanted(row), standard)


def wanted_of(work: UnitOfWork, tenant_id: str) -> WantedPolicy:
    """What a tenant says of its own."""
    row = work.session.get(RetentionPolicyRow, tenant_id)
    return WantedPolicy() if row is None else _wanted(row)


def change_policy(
    work: UnitOfWork, principal: Principal, wanted: WantedPolicy, standard: RetentionPolicy
) -> RetentionPolicy:
    """Set the caller's own policy; what holds then. InvalidError `invalid_retention`."""
    policy = _put_together(wanted, standard)
    row = work.session.get(RetentionPolicyRow, principal.tenant_id)
    if row is None:
        row = RetentionPolicyRow(tenant_id=principal.tenant_id)
        work.session.add(row)
    row.waveform_days, row.reading_days = wanted.waveform_days, wanted.reading_days
    row.record_days = wanted.record_days
    row.updated_at, row.updated_by = work.now, principal.user_id or principal.client_id
    audit.record(
        work,
        principal,
        "retention.changed",
        "tenant",
        principal.tenant_id,
        note=f"waveforms={policy.waveform_days} readings={policy.reading_days}"
        f" records={policy.record_days}",
    )
    return policy


def horizon(now: datetime, days: int) -> datetime | None:
    """Before this time nothing is kept; None where it is kept for ever."""
    return None if days == FOR_EVER else now - timedelta(days=days)


def _wanted(row: RetentionPolicyRow) -> WantedPolicy:
    return WantedPolicy(
        waveform_days=row.waveform_days,
        reading_days=row.reading_days,
        record_days=row.record_days,
    )


def _put_together(wanted: WantedPolicy, standard: RetentionPolicy) -> RetentionPolicy:
    def chosen(own: int | None, common: int) -> int:
        return common if own is None else own

    return RetentionPolicy(
        waveform_days=chosen(wanted.waveform_days, standard.waveform_days),
        reading_days=chosen(wanted.reading_days, standard.reading_days),
        record_days=chosen(wanted.record_days, standard.record_days),
    )
