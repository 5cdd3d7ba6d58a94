"""API clients of an organisation, for its administrators."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.clinical.callers import ClientsAdmin
from cloud.api.clinical.client_models import (
    ClientChange,
    ClientModel,
    ClientRequest,
    ClientsModel,
    client_model,
    client_models,
)
from cloud.api.clinical.identifiers import ClientPath, Id, client_id_of
from cloud.api.shared.answers import exact_json
from cloud.api.shared.certificates import Ends
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import check_match, tagged
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.authorization import api_clients
from cloud.core.authorization.applications import applications
from cloud.core.authorization.tables import KIND_API_CLIENT
from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.identifiers import public_id
from cloud.core.kernel.principal import Principal

router = APIRouter(
    prefix="/v1/auth/admin/api-clients", tags=["Clinical auth"], route_class=StrictRoute
)

_LIST: Final = "api-clients"
_SECRET: Final = frozenset({"client_secret"})


@router.post(
    "",
    status_code=201,
    response_model=ClientModel,
    responses=errors(400, 413, 415, 422, 429),
    summary="Make an API client",
)
def create_client(
    request: Request, body: ClientRequest, caller: ClientsAdmin, work: Work
) -> Response:
    """Good at once. The secret is shown in this answer and in no other."""
    check_organisation(caller, body.org_id)

    def produce() -> tuple[int, BaseModel]:
        made = api_clients.create(
            work,
            caller,
            api_clients.NewApiClient(
                name=body.name,
                product_id=public_id("prd", body.product_id),
                scopes=tuple(body.scopes),
                grant_types=tuple(body.grant_types),
                is_internal=body.internal,
            ),
        )
        return 201, client_model(work, made.row, secret=made.secret)

    return answer_once(request, work, caller, body, produce, shown_once=_SECRET)


@router.get(
    "",
    response_model=ClientsModel,
    responses=errors(400, 422, 429),
    summary="The organisation's API clients",
)
def list_clients(
    caller: ClientsAdmin,
    work: Work,
    services: AllServices,
    org_id: Id | None = None,
    product_id: Id | None = None,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """By age, without secrets; none for an organisation or product that is not the caller's."""
    wanted = PageByTime(services.cursors, caller, _LIST, limit, cursor)
    is_foreign = org_id is not None and public_id("ten", org_id) != caller.tenant_id
    rows = applications(
        work,
        caller,
        kind=KIND_API_CLIENT,
        product_id="" if product_id is None else public_id("prd", product_id),
        after=wanted.after(),
        limit=0 if is_foreign else limit + 1,
    )
    page = wanted.of(rows, lambda row: (row.created_at, row.client_id))
    document = ClientsModel(items=client_models(work, page.items), next_cursor=page.next_cursor)
    return exact_json(document.model_dump(exclude={"items": {"__all__": {"client_secret"}}}))


@router.get(
    "/{id}",
    response_model=ClientModel,
    responses=errors(404, 429),
    summary="One API client",
)
def get_client(given: ClientPath, caller: ClientsAdmin, work: Work) -> Response:
    """With its certificates and what may be known of its secrets."""
    return tagged(client_model(work, api_clients.find(work, caller, client_id_of(given))))


@router.patch(
    "/{id}",
    response_model=ClientModel,
    responses=errors(400, 404, 409, 412, 413, 415, 422, 429),
    summary="Change an API client",
)
def change_client(
    request: Request,
    given: ClientPath,
    body: ClientChange,
    caller: ClientsAdmin,
    work: Work,
    revoke: Ends = False,
) -> Response:
    """Fewer scopes hold from the next token on, or at once with `revoke`; suspending, at once."""
    row = api_clients.find(work, caller, client_id_of(given), to_change=True)
    check_match(request, client_model(work, row))
    api_clients.change(
        work,
        caller,
        row,
        name=body.name,
        scopes=body.scopes,
        is_suspended=None if body.status is None else body.status == "suspended",
        ends_tokens=revoke,
    )
    return tagged(client_model(work, row))


def check_organisation(caller: Principal, org_id: Id) -> None:
    """InvalidError `unknown_organisation` for any but the caller's own, existing or not."""
    if public_id("ten", org_id) != caller.tenant_id:
        raise InvalidError(
            "unknown_organisation",
            "Use your own organisation's id.",
            details={"fields": ["org_id"]},
        )
