"""Jobs as their client sees them: each client its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, and_, func, or_

from cloud.core.authorization.acting import acting
from cloud.core.jobs.ending import CANCELLED, QUEUED, RUNNING, SUCCEEDED, end
from cloud.core.jobs.kinds import KINDS, check_parameters
from cloud.core.jobs.tables import JobResultRow, JobRow
from cloud.core.kernel import audit
from cloud.core.kernel.errors import (
    ConflictError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import JOBS_READ, covered
from cloud.core.kernel.tenancy import scoped
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from cloud.core.webhooks import endpoints

MOST_WAITING: Final = 20
"""So many jobs of one client may be under way."""
_RESOURCE: Final = "job"
_EVENTS: Final = ("job.succeeded", "job.failed", "job.cancelled")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """What a client asks for. The callback's address was checked by the egress guard."""

    kind: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    callback_url: str = ""
    callback_secret: str = ""


def create(
    work: UnitOfWork, vault: Vault, principal: Principal, wanted: NewJob
) -> tuple[JobRow, str]:
    """A job that waits for a worker, and the secret its callback is signed with where one had to be
    made (empty otherwise).

    InvalidError `unknown_job_kind`, `invalid_request`; ForbiddenError `insufficient_scope`;
    ConflictError `too_many_jobs`.
    """
    kind = KINDS.get(wanted.kind)
    if kind is None:
        raise InvalidError("unknown_job_kind", f"Use one of: {', '.join(sorted(KINDS))}.")
    if not any(principal.may(scope) for scope in kind.any_of):
        raise _lacking(kind.any_of)
    parameters = check_parameters(kind, wanted.parameters)
    _check_room(work, principal)
    row = JobRow(
        job_id=new_id("job"),
        tenant_id=principal.tenant_id,
        client_id=principal.client_id,
        user_id=principal.user_id,
        scopes=list(principal.scopes),
        kind=kind.name,
        parameters=parameters,
        status=QUEUED,
        trace_id=principal.trace_id,
        created_at=work.now,
        media_type=kind.media_type,
    )
    made = ""
    if wanted.callback_url:
        # Who may start a job may be told of its end.
        owner = replace(principal, scopes=(*principal.scopes, JOBS_READ))
        endpoint = endpoints.Wanted(
            url=wanted.callback_url,
            events=_EVENTS,
            secret=wanted.callback_secret,
            description=f"callback of {row.job_id}",
            is_internal=True,
        )
        made_for, made = endpoints.create(work, vault, owner, endpoint)
        row.endpoint_id = made_for.endpoint_id
    work.session.add(row)
    work.session.flush()
    audit.record(work, principal, "job.created", _RESOURCE, row.job_id, note=row.kind)
    return row, made


def find(work: UnitOfWork, principal: Principal, job_id: str, *, to_change: bool = False) -> JobRow:
    """One of the caller's own; NotFoundError `job_not_found` for anybody else's."""
    statement = _own(principal).where(JobRow.job_id == job_id)
    if to_change:
        statement = statement.with_for_update()
    row = work.session.scalars(statement).one_or_none()
    if row is None:
        raise NotFoundError("job_not_found", "There is no such job of yours.")
    return row


def listing(
    work: UnitOfWork,
    principal: Principal,
    *,
    status: str | None = None,
    kind: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int,
) -> list[JobRow]:
    """The caller's own, the newest first, from behind `after` on."""
    statement = _own(principal)
    if status is not None:
        statement = statement.where(JobRow.status == status)
    if kind is not None:
        statement = statement.where(JobRow.kind == kind)
    if after is not None:
        at, job_id = after
        statement = statement.where(
            or_(
                JobRow.created_at < at,
                and_(JobRow.created_at == at, JobRow.job_id > job_id),
            )
        )
    ordered = statement.order_by(JobRow.created_at.desc(), JobRow.job_id)
    return list(work.session.scalars(ordered.limit(limit)))


def cancel(work: UnitOfWork, principal: Principal, job_id: str) -> JobRow:
    """Have it stopped: at once while it waits, else at the worker's next step.

    Again changes nothing; ConflictError `job_finished` for one that came to another end.
    """
    row = find(work, principal, job_id, to_change=True)
    if row.status == CANCELLED:
        return row
    if row.status not in (QUEUED, RUNNING):
        raise ConflictError("job_finished", "It has come to its end already.")
    row.is_cancel_asked = True
    if row.status == QUEUED:
        end(work, row, CANCELLED)
    audit.record(work, principal, "job.cancelled", _RESOURCE, job_id)
    return row


def check_result(work: UnitOfWork, principal: Principal, job_id: str) -> JobRow:
    """The job whose result the caller may fetch; audited. Who fetches it needs what it was made
    with: the token may be another of the client's, with less in it.

    ForbiddenError `insufficient_scope`, ConflictError `job_not_finished` or `job_has_no_result`,
    ExpiredError `result_expired`.
    """
    row = find(work, principal, job_id)
    if row.status in (QUEUED, RUNNING):
        raise ConflictError("job_not_finished", "Wait until its status is succeeded.")
    if row.status != SUCCEEDED:
        raise ConflictError("job_has_no_result", "It failed or was cancelled. Start another.")
    if row.expires_at is not None and row.expires_at <= work.now:
        raise ExpiredError("result_expired", "Results are kept for seven days. Start another.")
    _check_may_read(principal, row)
    audit.record(work, principal, "job.result-read", _RESOURCE, job_id, note=row.kind)
    return row


def _check_may_read(principal: Principal, row: JobRow) -> None:
    kind = KINDS[row.kind]
    missing = [
        one for one in kind.widened_by if covered(row.scopes, one) and not principal.may(one)
    ]
    if not any(principal.may(one) for one in kind.any_of):
        missing = [*kind.any_of, *missing]
    if missing:
        raise _lacking(missing)


def _lacking(scopes: Sequence[str]) -> ForbiddenError:
    return ForbiddenError(
        "insufficient_scope",
        "Ask an administrator of the tenant for one of the scopes in details.required.",
        details={"required": list(scopes)},
    )


def piece_of(work: UnitOfWork, job: JobRow, number: int) -> bytes | None:
    """One sealed piece of a result by its number from 0, None behind the last."""
    found = work.session.get(JobResultRow, (job.job_id, number))
    return None if found is None else found.sealed


def owner_of(work: UnitOfWork, job: JobRow) -> Principal | None:
    """Whom a job is done for, with the rights they still have; None for one that has none more."""
    now = acting(work, job.tenant_id, job.client_id)
    kept = tuple(one for one in job.scopes if covered(now.scopes, one)) if now else ()
    if now is None or not any(covered(kept, scope) for scope in KINDS[job.kind].any_of):
        return None
    return Principal(
        tenant_id=job.tenant_id,
        client_id=job.client_id,
        user_id=job.user_id,
        scopes=kept,
        trace_id=job.trace_id,
        sandbox_of=now.sandbox_of,
    )


def _check_room(work: UnitOfWork, principal: Principal) -> None:
    under_way = scoped(principal, JobRow).where(
        JobRow.client_id == principal.client_id, JobRow.status.in_((QUEUED, RUNNING))
    )
    count = work.session.scalar(under_way.with_only_columns(func.count()))
    if (count or 0) >= MOST_WAITING:
        raise ConflictError(
            "too_many_jobs", f"Wait or cancel one: {MOST_WAITING} may be under way."
        )


def _own(principal: Principal) -> Select[JobRow]:
    return scoped(principal, JobRow).where(JobRow.client_id == principal.client_id)
