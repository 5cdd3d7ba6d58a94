"""Bundles in the hands of applications: granted, taken back, and asked for at every call."""

from __future__ import annotations

from sqlalchemy import func, select

from cloud.core.authorization.applications import application
from cloud.core.curation.bundles import Bundle, Document, bundle, bundles
from cloud.core.curation.tables import OperationGrantRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.tenancy import scoped_at_home
from cloud.core.kernel.work import UnitOfWork


def grant_bundle(
    work: UnitOfWork,
    principal: Principal,
    client_id: str,
    name: str,
    version: int | None = None,
    *,
    kind: str | None = "application",
) -> OperationGrantRow:
    """Let an application run a bundle's operations, the newest version where none is named.

    Versions it has already stay its own, so that it may change over when it likes. To grant twice
    changes nothing. NotFoundError `app_not_found` or `unknown_bundle`.
    """
    row = application(work, principal, client_id, kind=kind, to_change=True)
    wanted = bundle(name, version)
    for held in granted(work, principal, row.client_id):
        if (held.bundle, held.version) == (wanted.name, wanted.version):
            return held
    made = OperationGrantRow(
        tenant_id=row.tenant_id,
        client_id=row.client_id,
        bundle=wanted.name,
        version=wanted.version,
        granted_at=work.now,
        granted_by=principal.user_id or principal.client_id,
    )
    work.session.add(made)
    work.session.flush()
    audit.record(
        work, principal, "operations.granted", "application", row.client_id, note=_of(made)
    )
    return made


def take_back_bundle(
    work: UnitOfWork,
    principal: Principal,
    client_id: str,
    name: str,
    version: int | None = None,
    *,
    kind: str | None = "application",
) -> int:
    """End the grant of one version of a bundle, of all its versions where none is named; how many
    ended. NotFoundError `not_granted` when there was none.
    """
    row = application(work, principal, client_id, kind=kind, to_change=True)
    ended = [
        held
        for held in granted(work, principal, row.client_id)
        if held.bundle == name and version in (None, held.version)
    ]
    if not ended:
        raise NotFoundError("not_granted", "Name a bundle that the application has.")
    for held in ended:
        audit.record(
            work, principal, "operations.taken_back", "application", row.client_id, note=_of(held)
        )
        work.session.delete(held)
    return len(ended)


def granted(work: UnitOfWork, principal: Principal, client_id: str) -> list[OperationGrantRow]:
    """What an application of the caller's tenant was granted, by name and version; good in its
    sandbox too.
    """
    statement = scoped_at_home(principal, OperationGrantRow).where(
        OperationGrantRow.client_id == client_id
    )
    ordered = statement.order_by(OperationGrantRow.bundle, OperationGrantRow.version)
    return list(work.session.scalars(ordered))


def lost_grants(work: UnitOfWork) -> int:
    """How many grants are of bundles that are in the tree no longer: they open nothing."""
    # every tenant: the operator of the service is told.
    statement = select(OperationGrantRow.bundle, OperationGrantRow.version, func.count()).group_by(
        OperationGrantRow.bundle, OperationGrantRow.version
    )
    there = {(one.name, one.version) for one in bundles()}
    rows = work.session.execute(statement)
    return sum(count for name, version, count in rows if (name, version) not in there)


def approved_document(
    work: UnitOfWork, principal: Principal, fingerprint: str
) -> tuple[Bundle, Document] | None:
    """The granted operation of this fingerprint, None where the caller has none such.

    A bundle that was granted and is in the tree no longer opens nothing.
    """
    held = {(one.bundle, one.version) for one in granted(work, principal, principal.client_id)}
    for one in bundles():
        if (one.name, one.version) not in held:
            continue
        for document in one.documents:
            if document.read.fingerprint == fingerprint:
                return one, document
    return None


def _of(row: OperationGrantRow) -> str:
    return f"{row.bundle} {row.version}"
