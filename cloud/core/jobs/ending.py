"""How jobs end, and how their client is told: an event, and the callback it asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cloud.core.jobs.tables import JobRow
from cloud.core.kernel import outbox
from cloud.core.kernel.identifiers import new_id
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.work import UnitOfWork
from cloud.core.tracing.lookup import is_kept
from cloud.core.webhooks.dialects import octets_of
from cloud.core.webhooks.queueing import new_delivery
from cloud.core.webhooks.tables import EndpointRow

QUEUED: Final = "queued"
RUNNING: Final = "running"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
CANCELLED: Final = "cancelled"
STATUSES: Final = (QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED)
KEPT_FOR: Final = timedelta(days=7)


def end(work: UnitOfWork, row: JobRow, status: str, reason: str = "") -> None:
    """Bring a job to its end and tell of it, in this unit or not at all."""
    row.status, row.reason = status, reason
    row.finished_at, row.lease = work.now, ""
    row.expires_at = work.now + KEPT_FOR
    data = {"kind": row.kind, "client_id": row.client_id}
    outbox.publish(
        work,
        tenant_id=row.tenant_id,
        event_type=f"job.{status}",
        resource_type="job",
        resource_id=row.job_id,
        data=data,
    )
    endpoint = None if row.endpoint_id is None else work.session.get(EndpointRow, row.endpoint_id)
    if endpoint is not None and endpoint.tenant_id == row.tenant_id:
        event = DomainEvent(
            event_id=new_id("evt"),
            tenant_id=row.tenant_id,
            type=f"job.{status}",
            occurred_at=work.now,
            resource_type="job",
            resource_id=row.job_id,
            data=data,
            trace_id=row.trace_id,
            is_recorded=is_kept(work, row.tenant_id, row.trace_id),
        )
        headers = {"X-Argus-Job-ID": row.job_id}
        body = octets_of(callback_document(row))
        new_delivery(work, endpoint, event, body, headers=headers)


def callback_document(row: JobRow) -> dict[str, str | None]:
    """What a callback says of a job."""
    return {
        "id": row.job_id,
        "kind": row.kind,
        "status": row.status,
        "trace_id": row.trace_id or None,
        "result_ref": result_reference(row),
    }


def result_reference(row: JobRow) -> str | None:
    """Where the result of a job is, None while there is none."""
    return f"/v1/jobs/{row.job_id}/result" if row.status == SUCCEEDED else None
