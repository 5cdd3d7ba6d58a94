"""Asking for reviewed access, and deciding on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.platform.access_request_models import (
    AccessRequest,
    AccessRequestModel,
    AccessRequestsModel,
    AccessReviewModel,
    AccessReviewsModel,
    ApprovalRequest,
    RefusalRequest,
    request_model,
    review_model,
)
from cloud.api.platform.administration import counted
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import PlatformAdmin, require
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime, page_json
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.entitlements import access
from cloud.core.entitlements.access import Status
from cloud.core.entitlements.tables import AccessRequestRow
from cloud.core.federation import closing
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import OPERATOR_ACCESS

router = APIRouter(
    prefix="/v1/platform",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

Operator = Annotated[Principal, Depends(require(OPERATOR_ACCESS))]
_REQUESTS: Final = "access_requests"
_REVIEWS: Final = "access_reviews"


@router.post(
    "/access-requests",
    status_code=201,
    response_model=AccessRequestModel,
    responses=errors(400, 409, 413, 415, 422, 429),
    summary="Ask for reviewed access",
)
def ask_for_access(
    request: Request, body: AccessRequest, caller: PlatformAdmin, work: Work
) -> Response:
    """A person at the operator reads what it is for; there is one request at a time for each
    capability.
    """

    def produce() -> tuple[int, AccessRequestModel]:
        made = access.request_access(
            work, caller, capability=body.capability, justification=body.justification
        )
        return 201, request_model(made)

    return answer_once(request, work, caller, body, produce)


@router.get(
    "/access-requests",
    response_model=AccessRequestsModel,
    responses=errors(400, 422, 429),
    summary="What the tenant asked for",
)
def list_access_requests(
    caller: PlatformAdmin,
    work: Work,
    services: AllServices,
    status: Status | None = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """With what was decided, the newest first."""
    wanted = PageByTime(services.cursors, caller, _REQUESTS, limit, cursor)
    rows = access.requests(work, caller, limit=limit + 1, after=wanted.after(), status=status)
    page = wanted.of(rows, _place)
    document = AccessRequestsModel(
        access_requests=[request_model(row) for row in page.items], next_cursor=page.next_cursor
    )
    return page_json(document)


@router.get(
    "/access-requests/{request_id}",
    response_model=AccessRequestModel,
    responses=errors(404, 429),
    summary="One request for access",
)
def get_access_request(request_id: str, caller: PlatformAdmin, work: Work) -> Response:
    """What was asked and what was decided."""
    document = request_model(access.find_request(work, caller, request_id))
    return exact_json(document.model_dump(exclude_none=True))


@router.get(
    "/access-reviews",
    response_model=AccessReviewsModel,
    responses=errors(400, 422, 429),
    summary="What organisations asked for",
)
def list_access_reviews(
    caller: Operator,
    work: Work,
    services: AllServices,
    status: Status | None = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """For the operator of the service: the requests of all of them, the newest first."""
    wanted = PageByTime(services.cursors, caller, _REVIEWS, limit, cursor)
    rows = access.reviews(work, caller, limit=limit + 1, after=wanted.after(), status=status)
    page = wanted.of(rows, _place)
    document = AccessReviewsModel(
        access_reviews=[review_model(row) for row in page.items], next_cursor=page.next_cursor
    )
    return page_json(document)


@router.post(
    "/access-reviews/{request_id}/approve",
    response_model=AccessReviewModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Let an organisation in",
)
def approve_access(
    request: Request, request_id: str, body: ApprovalRequest, caller: Operator, work: Work
) -> Response:
    """From now on its calls pass."""
    return _decided(
        request,
        work,
        caller,
        body,
        lambda: access.approve(work, caller, request_id, reason=body.reason),
    )


@router.post(
    "/access-reviews/{request_id}/refuse",
    response_model=AccessReviewModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Leave an organisation out",
)
def refuse_access(
    request: Request, request_id: str, body: RefusalRequest, caller: Operator, work: Work
) -> Response:
    """It reads the reason, and may ask again."""
    return _decided(
        request,
        work,
        caller,
        body,
        lambda: access.refuse(work, caller, request_id, reason=body.reason),
    )


@router.post(
    "/access-reviews/{request_id}/revoke",
    response_model=AccessReviewModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Take an organisation's access back",
)
def revoke_access(
    request: Request, request_id: str, body: RefusalRequest, caller: Operator, work: Work
) -> Response:
    """With the next call it is closed, and whom a federation let in is signed out."""
    return _decided(
        request,
        work,
        caller,
        body,
        lambda: closing.revoke_access(work, caller, request_id, reason=body.reason),
    )


def _decided(
    request: Request,
    work: Work,
    caller: Principal,
    body: ApprovalRequest | RefusalRequest,
    decide: Callable[[], AccessRequestRow],
) -> Response:
    return answer_once(request, work, caller, body, lambda: (200, review_model(decide())))


def _place(row: AccessRequestRow) -> tuple[datetime, str]:
    return row.requested_at, row.request_id
