"""Jobs: start long work, follow it, cancel it, fetch its result."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse

from cloud.api.platform.administration import counted
from cloud.api.platform.job_models import (
    JobKindModel,
    JobKindsModel,
    JobModel,
    JobParameterModel,
    JobRequest,
    JobsModel,
    JobStatus,
    ProgressModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import require
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import REPLAYED, answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime, page_json
from cloud.api.shared.services import AllServices, Services, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.jobs import service as jobs
from cloud.core.jobs.ending import RUNNING, SUCCEEDED, result_reference
from cloud.core.jobs.kinds import KINDS
from cloud.core.jobs.results import open_piece
from cloud.core.jobs.tables import JobRow
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import JOBS_READ, JOBS_WRITE
from cloud.core.webhooks.addresses import check_receiver

router = APIRouter(
    prefix="/v1/jobs", tags=["Jobs"], route_class=StrictRoute, dependencies=[Depends(counted)]
)

_LIST: Final = "jobs"
_SECRET: Final = frozenset({"callback_secret"})
JobsRead = Annotated[Principal, Depends(require(JOBS_READ, JOBS_WRITE))]
JobsWrite = Annotated[Principal, Depends(require(JOBS_WRITE))]


@router.post(
    "",
    status_code=201,
    response_model=JobModel,
    responses={200: {"model": JobModel}, **errors(400, 409, 413, 415, 422, 429)},
    summary="Start a job",
)
def start_job(
    request: Request, body: JobRequest, caller: JobsWrite, services: AllServices
) -> Response:
    """201 for a new job, 200 for the one that the same Idempotency-Key started before."""
    if body.callback_url is not None:
        check_receiver(body.callback_url, services.outbound, field="body.callback_url")

    def produce() -> tuple[int, JobModel]:
        wanted = jobs.NewJob(
            kind=body.kind,
            parameters=body.parameters,
            callback_url=body.callback_url or "",
            callback_secret=body.callback_secret or "",
        )
        row, secret = jobs.create(work, services.vault, caller, wanted)
        return 201, _model(row, secret)

    # No transaction is open while a name is looked up.
    with services.database.begin(now=services.clock()) as work:
        response = answer_once(request, work, caller, body, produce, shown_once=_SECRET)
    if REPLAYED in response.headers:
        response.status_code = 200
    return response


@router.get("/kinds", response_model=JobKindsModel, responses=errors(429), summary="Kinds of jobs")
def list_job_kinds(caller: JobsRead) -> Response:
    """What can be done, by whom, and what it has to be told."""
    found = [
        JobKindModel(
            name=one.name,
            description=one.sentence,
            any_of_scopes=list(one.any_of),
            result_media_type=one.media_type,
            parameters=[
                JobParameterModel(name=told.name, description=told.sentence, sample=told.sample)
                for told in one.parameters
            ],
            usable=any(caller.may(scope) for scope in one.any_of),
        )
        for one in KINDS.values()
    ]
    return exact_json(JobKindsModel(kinds=found).model_dump())


@router.get("", response_model=JobsModel, responses=errors(400, 422, 429), summary="List jobs")
def list_jobs(
    caller: JobsRead,
    work: Work,
    services: AllServices,
    status: JobStatus | None = None,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The caller's own jobs, the newest first."""
    wanted = PageByTime(services.cursors, caller, _LIST, limit, cursor)
    rows = jobs.listing(
        work, caller, status=status, kind=kind, after=wanted.after(), limit=limit + 1
    )
    page = wanted.of(rows, lambda row: (row.created_at, row.job_id))
    document = JobsModel(jobs=[_model(row) for row in page.items], next_cursor=page.next_cursor)
    return page_json(document)


@router.get("/{job_id}", response_model=JobModel, responses=errors(404, 429), summary="Get a job")
def get_job(job_id: str, caller: JobsRead, work: Work) -> Response:
    """One job, with its progress while it runs."""
    return exact_json(_model(jobs.find(work, caller, job_id)).model_dump(exclude_none=True))


@router.post(
    "/{job_id}/cancel",
    response_model=JobModel,
    responses=errors(404, 409, 429),
    summary="Cancel a job",
)
def cancel_job(job_id: str, caller: JobsWrite, work: Work) -> Response:
    """At once while it waits; while it runs, after the step in hand. Again changes nothing."""
    return exact_json(_model(jobs.cancel(work, caller, job_id)).model_dump(exclude_none=True))


@router.get(
    "/{job_id}/result",
    response_class=Response,
    responses={
        200: {"description": "The result, as its kind makes it", "content": {"*/*": {}}},
        **errors(404, 409, 410, 429),
    },
    summary="Fetch a job's result",
)
def get_job_result(job_id: str, caller: JobsRead, services: AllServices) -> Response:
    """The whole result, as it was made. It is kept for seven days."""
    with services.database.begin(now=services.clock()) as work:
        row = jobs.check_result(work, caller, job_id)
    return StreamingResponse(
        _pieces(services, row),
        media_type=row.media_type,
        headers={"Content-Length": str(row.octets), "Cache-Control": "no-store"},
    )


def _pieces(services: Services, row: JobRow) -> Iterator[bytes]:
    """The result piece by piece: no more than one is held at once."""
    number = 0
    while True:
        with services.database.reading(now=services.clock()) as work:
            sealed = jobs.piece_of(work, row, number)
        if sealed is None:
            return
        yield open_piece(services.vault, sealed, job_id=row.job_id, number=number)
        number += 1


def _model(row: JobRow, secret: str = "") -> JobModel:
    is_done = row.status == SUCCEEDED
    return JobModel.model_validate(
        {
            "id": row.job_id,
            "kind": row.kind,
            "status": row.status,
            "parameters": row.parameters,
            "created_at": row.created_at,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "expires_at": row.expires_at,
            "progress": ProgressModel(done=row.done, total=row.total)
            if row.status in (RUNNING, SUCCEEDED)
            else None,
            "reason": row.reason or None,
            "trace_id": row.trace_id or None,
            "result_ref": result_reference(row),
            "result_media_type": row.media_type if is_done else None,
            "result_octets": row.octets if is_done else None,
            "callback_secret": secret or None,
        }
    )
