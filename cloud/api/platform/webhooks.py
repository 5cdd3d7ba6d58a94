"""Webhooks of an application: made, looked at, changed, given new secrets, ended."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.platform.webhook_models import (
    RotatedSecretModel,
    SecretRotation,
    WebhookChange,
    WebhookModel,
    WebhookRequest,
    WebhooksModel,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import WebhooksRead, WebhooksWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import named_version, version_tag
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime, page_json
from cloud.api.shared.services import AllServices, Services, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.webhooks import endpoints, signing
from cloud.core.webhooks.addresses import check_receiver
from cloud.core.webhooks.endpoints import Change, Wanted
from cloud.core.webhooks.tables import EndpointRow

router = APIRouter(
    prefix="/v1/webhooks",
    tags=["Webhooks"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

_LIST: Final = "webhooks"
_SECRET: Final = frozenset({"secret"})
_CHANGED: Final = errors(400, 404, 409, 412, 413, 415, 422, 429)


@router.post(
    "",
    status_code=201,
    response_model=WebhookModel,
    responses=errors(400, 409, 413, 415, 422, 429),
    summary="Have events sent to an address",
)
def create_webhook(
    request: Request, body: WebhookRequest, caller: WebhooksWrite, services: AllServices
) -> Response:
    """Events of the catalogue that the application may read. A secret that was made is shown in
    this answer and in no other; one that you sent is not shown at all.
    """
    check_receiver(body.url, services.outbound)

    def produce() -> tuple[int, WebhookModel]:
        row, secret = endpoints.create(work, services.vault, caller, _wanted(body))
        return 201, _model(services, row, secret=secret)

    # No transaction is open while a name is looked up.
    with services.database.begin(now=services.clock()) as work:
        return answer_once(request, work, caller, body, produce, shown_once=_SECRET)


@router.get(
    "",
    response_model=WebhooksModel,
    responses=errors(400, 422, 429),
    summary="The application's webhooks",
)
def list_webhooks(
    caller: WebhooksRead,
    work: Work,
    services: AllServices,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Those of the calling application by age, without secrets."""
    wanted = PageByTime(services.cursors, caller, _LIST, limit, cursor)
    rows = endpoints.listing(work, caller, after=wanted.after(), limit=limit + 1)
    page = wanted.of(rows, lambda row: (row.created_at, row.endpoint_id))
    document = WebhooksModel(
        webhooks=[_model(services, row) for row in page.items], next_cursor=page.next_cursor
    )
    return page_json(document)


@router.get(
    "/{webhook_id}",
    response_model=WebhookModel,
    responses=errors(404, 429),
    summary="One webhook",
)
def get_webhook(
    webhook_id: str, caller: WebhooksRead, work: Work, services: AllServices
) -> Response:
    """How it is set and how it fares. The ETag is of the former alone."""
    return _answer(services, endpoints.find(work, caller, webhook_id))


@router.put(
    "/{webhook_id}", response_model=WebhookModel, responses=_CHANGED, summary="Change a webhook"
)
@router.patch(
    "/{webhook_id}", response_model=WebhookModel, responses=_CHANGED, summary="Change a webhook"
)
def change_webhook(
    request: Request,
    webhook_id: str,
    body: WebhookChange,
    caller: WebhooksWrite,
    services: AllServices,
) -> Response:
    """What is left out stays, with PUT as with PATCH. A new secret signs beside the one before for
    a day; `active` takes up again what was paused or disabled.
    """
    if body.url is not None:
        check_receiver(body.url, services.outbound)
    wanted = Change(
        url=body.url,
        events=body.events,
        secret=body.secret,
        is_active=body.active,
        description=body.description,
        retry_profile=body.retry_profile,
        is_forced=body.force,
    )
    with services.database.begin(now=services.clock()) as work:
        row = endpoints.find(work, caller, webhook_id, to_change=True)
        _check_match(request, row)
        endpoints.change(work, services.vault, caller, row, wanted)
        return _answer(services, row)


@router.delete(
    "/{webhook_id}",
    status_code=204,
    responses=errors(404, 412, 429),
    summary="Delete a webhook",
)
def delete_webhook(request: Request, webhook_id: str, caller: WebhooksWrite, work: Work) -> None:
    """Nothing more goes there; what waited is discarded."""
    row = endpoints.find(work, caller, webhook_id, to_change=True)
    _check_match(request, row)
    endpoints.remove(work, caller, row)


@router.post(
    "/{webhook_id}/rotate-secret",
    response_model=RotatedSecretModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Give a webhook a new secret",
)
def rotate_webhook_secret(
    request: Request,
    webhook_id: str,
    caller: WebhooksWrite,
    work: Work,
    services: AllServices,
    body: SecretRotation | None = None,
) -> Response:
    """For a day both sign, each message with two signatures. While that lasts another rotation is
    refused, unless it is forced.
    """
    given = body or SecretRotation()

    def produce() -> tuple[int, RotatedSecretModel]:
        row = endpoints.find(work, caller, webhook_id, to_change=True)
        secret = endpoints.rotate(
            work, services.vault, caller, row, secret=given.secret or "", is_forced=given.force
        )
        until = _model(services, row).previous_secret_expires_at
        return 200, RotatedSecretModel(
            id=row.endpoint_id, secret=secret or None, previous_secret_expires_at=until
        )

    return answer_once(request, work, caller, body, produce, shown_once=_SECRET)


def _check_match(request: Request, row: EndpointRow) -> None:
    if named_version(request) not in (None, row.version):
        raise HTTPException(412)


def _answer(services: Services, row: EndpointRow) -> Response:
    document = _model(services, row).model_dump(exclude_none=True)
    return exact_json(document, headers={"ETag": version_tag(row.version)})


def _wanted(body: WebhookRequest) -> Wanted:
    return Wanted(
        url=body.url,
        events=body.events,
        secret=body.secret or "",
        dialect=body.dialect,
        retry_profile=body.retry_profile,
        description=body.description,
    )


def _model(services: Services, row: EndpointRow, *, secret: str = "") -> WebhookModel:
    held = signing.opened(services.vault, row.endpoint_id, row.sealed_secrets, now=services.clock())
    return WebhookModel.model_validate(
        {
            "id": row.endpoint_id,
            "url": row.url,
            "events": row.events,
            "secret": secret or None,
            "description": row.description,
            "dialect": row.dialect,
            "retry_profile": row.retry_profile,
            "status": row.status,
            "status_reason": row.status_reason or None,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "previous_secret_expires_at": next((one.until for one in held if one.until), None),
            "failures": row.failures,
            "failing_since": row.failing_since,
            "closed_until": row.closed_until,
            "last_succeeded_at": row.last_succeeded_at,
            "last_failed_at": row.last_failed_at,
            "last_response_status": row.last_status,
        }
    )
