"""A tenant's carriers: listed, made, changed, ended. There is one default as long as there is any.

Credentials go in and never come out: neither lists, errors, events nor the audit know them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import func, select, tuple_

from cloud.core.identity.tables import TenantRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import ConflictError, DuplicateError, InvalidError, NotFoundError
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.names import checked_name
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.telephony.carriers import Carrier, check_credentials
from cloud.core.telephony.sealing import seal_credentials
from cloud.core.telephony.tables import TelephonyProviderRow, TelephonyRouteRow

MOST_PROVIDERS: Final = 100
_KIND: Final = "telephony_provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedProvider:
    """What a carrier is to be; None leaves it as it is. A new one needs `name` and `carrier`."""

    name: str | None = None
    carrier: Carrier | None = None
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    is_default: bool | None = None
    is_active: bool | None = None


def providers(
    work: UnitOfWork, principal: Principal, *, after: str | None = None, limit: int
) -> list[TelephonyProviderRow]:
    """The tenant's carriers by age, from the one after `after` on; audited. NotFoundError
    `provider_not_found` for an `after` that is not the tenant's.
    """
    statement = scoped(principal, TelephonyProviderRow)
    if after is not None:
        last = provider(work, principal, after)
        place = tuple_(TelephonyProviderRow.created_at, TelephonyProviderRow.provider_id)
        statement = statement.where(place > tuple_(last.created_at, last.provider_id))
    ordered = statement.order_by(TelephonyProviderRow.created_at, TelephonyProviderRow.provider_id)
    audit.record(work, principal, "list", _KIND, "*")
    return list(work.session.scalars(ordered.limit(limit)))


def provider(
    work: UnitOfWork, principal: Principal, provider_id: str, *, to_change: bool = False
) -> TelephonyProviderRow:
    """One carrier of the caller's tenant; NotFoundError `provider_not_found`."""
    statement = scoped(principal, TelephonyProviderRow).where(
        TelephonyProviderRow.provider_id == provider_id
    )
    if to_change:
        statement = statement.with_for_update()
    row = None if "\x00" in provider_id else work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("provider_not_found", "Use a telephony provider of your organisation.")
    return row


def upsert_provider(
    work: UnitOfWork,
    vault: Vault,
    principal: Principal,
    provider_id: str | None,
    wanted: WantedProvider,
) -> TelephonyProviderRow:
    """Make a carrier, or change the one of this id. The first one is the default; a new default
    takes the place of the former.

    A change of the carrier forgets the credentials. InvalidError for a wrong name or credentials;
    DuplicateError `provider_exists` for a name that is taken, ConflictError `default_needed` where
    none would be the default, `too_many_providers`.
    """
    _take_turns(work, principal)
    if provider_id is None:
        row = _make(work, principal, wanted)
    else:
        row = provider(work, principal, provider_id, to_change=True)
        _rename(work, principal, row, wanted)
    _tell(vault, row, wanted)
    _place(work, principal, row, wanted)
    row.updated_at = work.now
    work.session.flush()
    action = "telephony.provider_made" if provider_id is None else "telephony.provider_changed"
    audit.record(work, principal, action, _KIND, row.provider_id)
    return row


def delete_provider(work: UnitOfWork, principal: Principal, provider_id: str) -> None:
    """End a carrier and forget its credentials. ConflictError `provider_in_use` while a route goes
    over it, `default_needed` for the default while there are others.
    """
    _take_turns(work, principal)
    row = provider(work, principal, provider_id, to_change=True)
    routes = scoped(principal, TelephonyRouteRow).where(
        TelephonyRouteRow.provider_id == row.provider_id
    )
    if work.session.scalars(routes.limit(1)).first() is not None:
        raise ConflictError("provider_in_use", "Delete the provider's routes first.")
    others = scoped(principal, TelephonyProviderRow).where(
        TelephonyProviderRow.provider_id != row.provider_id
    )
    if row.is_default and work.session.scalars(others.limit(1)).first() is not None:
        raise _default_needed()
    work.session.delete(row)
    work.session.flush()
    audit.record(work, principal, "telephony.provider_deleted", _KIND, provider_id)


def _take_turns(work: UnitOfWork, principal: Principal) -> None:
    """Let changes of one tenant's carriers come one after the other: what is the default depends
    on all of them, those not made yet among them.
    """
    statement = select(TenantRow.tenant_id).where(TenantRow.tenant_id == principal.tenant_id)
    # Rows that refer to the tenant can still be written meanwhile.
    work.session.execute(statement.with_for_update(key_share=True))


def _make(work: UnitOfWork, principal: Principal, wanted: WantedProvider) -> TelephonyProviderRow:
    if wanted.name is None or wanted.carrier is None:
        raise InvalidError("incomplete_provider", "Send the name and the carrier of a new one.")
    count = scoped(principal, TelephonyProviderRow).with_only_columns(func.count())
    if (work.session.scalar(count) or 0) >= MOST_PROVIDERS:
        raise ConflictError("too_many_providers", "Delete providers that are not used any more.")
    name = checked_name(wanted.name)
    _check_free(work, principal, name)
    row = TelephonyProviderRow(
        provider_id=new_id("tel"),
        tenant_id=principal.tenant_id,
        name=name,
        carrier=wanted.carrier.value,
        is_default=False,
        is_active=wanted.is_active is not False,
        created_at=work.now,
        updated_at=work.now,
    )
    work.session.add(row)
    return row


def _rename(
    work: UnitOfWork, principal: Principal, row: TelephonyProviderRow, wanted: WantedProvider
) -> None:
    if wanted.name is not None:
        name = checked_name(wanted.name)
        if name != row.name:
            _check_free(work, principal, name)
        row.name = name
    if wanted.carrier is not None and wanted.carrier.value != row.carrier:
        # What one carrier was told opens no door of another's.
        row.carrier, row.sealed_key, row.sealed_credentials = wanted.carrier.value, None, None


def _check_free(work: UnitOfWork, principal: Principal, name: str) -> None:
    taken = scoped(principal, TelephonyProviderRow).where(TelephonyProviderRow.name == name)
    if work.session.scalars(taken).first() is not None:
        raise DuplicateError("provider_exists", "Give it a name that no other provider has.")


def _tell(vault: Vault, row: TelephonyProviderRow, wanted: WantedProvider) -> None:
    if wanted.credentials is None:
        return
    check_credentials(Carrier(row.carrier), wanted.credentials)
    envelope = seal_credentials(vault, row.provider_id, wanted.credentials)
    row.sealed_key, row.sealed_credentials = envelope.sealed_key, envelope.sealed


def _place(
    work: UnitOfWork, principal: Principal, row: TelephonyProviderRow, wanted: WantedProvider
) -> None:
    """Make it the default, or not, and active, or not."""
    former = work.session.scalars(
        select(TelephonyProviderRow).where(
            TelephonyProviderRow.tenant_id == principal.tenant_id,
            TelephonyProviderRow.is_default,
            TelephonyProviderRow.provider_id != row.provider_id,
        )
    ).one_or_none()
    if wanted.is_active is not None:
        row.is_active = wanted.is_active
    is_default = wanted.is_default is True or (former is None)
    if (wanted.is_default is False and former is None) or (is_default and not row.is_active):
        raise _default_needed()
    if not is_default:
        row.is_default = row.is_default and wanted.is_default is not False
        return
    if former is not None:
        # The index admits one at any moment, so the former goes before the new one comes.
        former.is_default, former.updated_at = False, work.now
        work.session.flush()
        audit.record(work, principal, "telephony.default_ended", _KIND, former.provider_id)
    row.is_default = True


def _default_needed() -> ConflictError:
    return ConflictError(
        "default_needed", "Make another active provider the default first: there is always one."
    )
