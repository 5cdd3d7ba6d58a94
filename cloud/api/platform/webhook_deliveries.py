"""What was sent to a webhook and what became of it; a test, and sending again."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.platform.webhook_models import (
    AttemptModel,
    DeliveriesModel,
    DeliveryDetailModel,
    DeliveryModel,
    DeliveryStatus,
    QueuedModel,
    RangeReplay,
    ReplayedModel,
    TrialRequest,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import WebhooksRead, WebhooksWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, page_json
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.webhooks import deliveries, endpoints
from cloud.core.webhooks.tables import DeliveryRow

router = APIRouter(
    prefix="/v1/webhooks/{webhook_id}",
    tags=["Webhooks"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

_QUEUED: Final = errors(400, 404, 409, 413, 415, 422, 429)


@router.get(
    "/deliveries",
    response_model=DeliveriesModel,
    responses=errors(400, 404, 422, 429),
    summary="What was sent to a webhook",
)
def list_webhook_deliveries(
    webhook_id: str,
    caller: WebhooksRead,
    work: Work,
    services: AllServices,
    status: DeliveryStatus | None = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Tests and replays too, newest first; of this webhook and no other."""
    endpoint = endpoints.find(work, caller, webhook_id)
    list_name = f"deliveries of {endpoint.endpoint_id}"
    before = None
    if cursor is not None:
        before = int(services.cursors.decode(caller, list_name, cursor)[0])
    rows = deliveries.listing(work, endpoint, state=status, before=before, limit=limit + 1)
    following = None
    if len(rows) > limit:
        following = services.cursors.encode(caller, list_name, [rows[limit - 1].row_id])
    document = DeliveriesModel(
        deliveries=[DeliveryModel(**_fields(row)) for row in rows[:limit]], next_cursor=following
    )
    return page_json(document)


@router.get(
    "/deliveries/{delivery_id}",
    response_model=DeliveryDetailModel,
    responses=errors(404, 429),
    summary="One delivery and its attempts",
)
def get_webhook_delivery(
    webhook_id: str, delivery_id: str, caller: WebhooksRead, work: Work
) -> Response:
    """When each was made, how long it took and what came back, but for the answer's own words."""
    row = deliveries.find(work, endpoints.find(work, caller, webhook_id), delivery_id)
    attempts = [
        AttemptModel(
            number=one.number,
            at=one.at,
            duration_ms=one.duration_ms,
            response_status=one.response_status,
            error=one.error or None,
        )
        for one in deliveries.attempts_of(work, row)
    ]
    document = DeliveryDetailModel(**_fields(row), attempts=attempts)
    return exact_json(document.model_dump(exclude_none=True))


@router.post(
    "/test",
    status_code=202,
    response_model=QueuedModel,
    responses=_QUEUED,
    summary="Send a test event",
)
def send_test_event(
    request: Request,
    webhook_id: str,
    caller: WebhooksWrite,
    work: Work,
    body: TrialRequest | None = None,
) -> Response:
    """A sample, marked `"test": true`, on the way that every event goes; look at the delivery."""

    def produce() -> tuple[int, QueuedModel]:
        endpoint = endpoints.find(work, caller, webhook_id, to_change=True)
        event = "" if body is None else body.event or ""
        return 202, _queued(deliveries.send_test(work, caller, endpoint, event))

    return answer_once(request, work, caller, body, produce)


@router.post(
    "/deliveries/{delivery_id}/replay",
    status_code=202,
    response_model=QueuedModel,
    responses=_QUEUED,
    summary="Send a delivery again",
)
def replay_webhook_delivery(
    request: Request, webhook_id: str, delivery_id: str, caller: WebhooksWrite, work: Work
) -> Response:
    """The same octets under the same `webhook-id`: a receiver that has it knows it."""

    def produce() -> tuple[int, QueuedModel]:
        endpoint = endpoints.find(work, caller, webhook_id, to_change=True)
        return 202, _queued(deliveries.replay(work, caller, endpoint, delivery_id))

    return answer_once(request, work, caller, None, produce)


@router.post(
    "/replay",
    status_code=202,
    response_model=ReplayedModel,
    responses=_QUEUED,
    summary="Send again what happened in a time",
)
def replay_webhook_range(
    request: Request, webhook_id: str, body: RangeReplay, caller: WebhooksWrite, work: Work
) -> Response:
    """Each event once, as its newest delivery stands, in the order they came; 10,000 at most."""

    def produce() -> tuple[int, ReplayedModel]:
        endpoint = endpoints.find(work, caller, webhook_id, to_change=True)
        queued = deliveries.replay_range(
            work,
            caller,
            endpoint,
            since=body.since,
            until=body.until or work.now,
            states=body.statuses or deliveries.SETTLED,
            events=body.events or (),
        )
        return 202, ReplayedModel(queued=queued)

    return answer_once(request, work, caller, body, produce)


def _queued(row: DeliveryRow) -> QueuedModel:
    return QueuedModel.model_validate({"delivery_id": row.delivery_id, "status": row.state})


def _fields(row: DeliveryRow) -> dict[str, Any]:
    return {
        "id": row.delivery_id,
        "status": row.state,
        "event": row.event_type,
        "message_id": row.message_id,
        "test": row.is_test,
        "replay": row.replay,
        "attempt": row.attempts,
        "created_at": row.created_at,
        "attempted_at": row.attempted_at,
        "next_attempt_at": row.due_at,
        "settled_at": row.settled_at,
        "response_status": row.response_status,
        "duration_ms": row.duration_ms,
        "error": row.error or None,
    }
