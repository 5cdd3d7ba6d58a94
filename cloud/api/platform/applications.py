"""A tenant's applications: registered, approved, governed, ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Body, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.platform.application_models import (
    ApplicationChange,
    ApplicationModel,
    ApplicationRequest,
    ApplicationsModel,
    ApprovalRequest,
    GovernanceModel,
    PlacementRequest,
    RotatedModel,
    RotationRequest,
    application_model,
    held_secrets,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import AppsRead, AppsWrite, PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import check_match, tag_of, tagged
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.authorization import registrations
from cloud.core.authorization.applications import application, applications, to_change
from cloud.core.authorization.client_secrets import GRACE, LONGEST_GRACE, secrets_of
from cloud.core.authorization.facilities import place_application
from cloud.core.authorization.registered_scopes import catalogue

router = APIRouter(
    prefix="/v1/platform",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

_LIST: Final = "applications"
_SECRET: Final = frozenset({"client_secret"})
_Grace = Annotated[
    int | None,
    Query(
        ge=0,
        le=int(LONGEST_GRACE.total_seconds()),
        description="Seconds the secrets before it stay good; a day when nothing is said.",
    ),
]


class ScopeModel(BaseModel):
    """A scope applications may ask for."""

    name: str
    description: str


class ScopesModel(BaseModel):
    """The requestable scopes by name."""

    scopes: list[ScopeModel]


@router.get("/scopes", summary="Scopes applications may ask for", responses=errors(429))
def scopes(caller: AppsRead, work: Work) -> ScopesModel:
    """The requestable part of the tenant's catalogue, by name."""
    rows = [scope for scope in catalogue(work, caller) if scope.is_requestable]
    return ScopesModel(
        scopes=[ScopeModel(name=row.name, description=row.description) for row in rows]
    )


@router.post(
    "/apps",
    status_code=201,
    response_model=ApplicationModel,
    responses=errors(400, 409, 413, 415, 422, 429),
    summary="Register an application",
)
def create_application(
    request: Request,
    body: ApplicationRequest,
    caller: AppsWrite,
    work: Work,
    services: AllServices,
) -> Response:
    """It waits for approval. The secret is shown in this answer and in no other."""
    if body.jwks_uri:
        registrations.check_keys_address(body.jwks_uri, services.outbound)

    def produce() -> tuple[int, ApplicationModel]:
        made = registrations.register_application(
            work,
            caller,
            registrations.NewApplication(
                name=body.name,
                grant_types=tuple(body.grant_types),
                redirect_uris=tuple(body.redirect_uris),
                requested_scopes=tuple(body.requested_scopes),
                post_logout_redirect_uris=tuple(body.post_logout_redirect_uris),
                auth_method=body.token_endpoint_auth_method,
                ways=tuple(dict.fromkeys(body.profiles)),
                product_id=body.product_id or "",
                jwks=body.jwks,
                jwks_uri=body.jwks_uri or "",
            ),
            outbound=services.outbound,
        )
        return 201, application_model(made.row, secret=made.secret)

    return answer_once(request, work, caller, body, produce, shown_once=_SECRET)


@router.get(
    "/apps",
    response_model=ApplicationsModel,
    responses=errors(400, 422, 429),
    summary="The tenant's applications",
)
def list_applications(
    caller: AppsRead,
    work: Work,
    services: AllServices,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Every application of the caller's tenant by age, without secrets."""
    wanted = PageByTime(services.cursors, caller, _LIST, limit, cursor)
    rows = applications(work, caller, after=wanted.after(), limit=limit + 1)
    page = wanted.of(rows, lambda row: (row.created_at, row.client_id))
    document = ApplicationsModel(
        apps=[application_model(row) for row in page.items], next_cursor=page.next_cursor
    )
    return exact_json(
        document.model_dump(exclude={"apps": {"__all__": {"client_secret", "secrets"}}})
    )


@router.get(
    "/apps/{client_id}",
    response_model=ApplicationModel,
    responses=errors(404, 429),
    summary="One application",
)
def get_application(client_id: str, caller: AppsRead, work: Work) -> Response:
    """An application of the caller's tenant, and which secrets it has. The ETag is of what can be
    changed: that a secret was used alters nothing of it.
    """
    row = application(work, caller, client_id)
    document = application_model(row)
    secrets = held_secrets(secrets_of(work, row))
    shown = document.model_copy(update={"secrets": secrets})
    return exact_json(shown.model_dump(exclude_none=True), headers={"ETag": tag_of(document)})


@router.patch(
    "/apps/{client_id}",
    response_model=ApplicationModel,
    responses=errors(400, 404, 409, 412, 413, 415, 422, 429),
    summary="Change an application",
)
def change_application(
    request: Request,
    client_id: str,
    body: ApplicationChange,
    caller: AppsWrite,
    work: Work,
    services: AllServices,
) -> Response:
    """What it no longer requests it loses at once; with a new scope it waits for approval again.
    New keys, or their new address, count from the next request on, and the old ones no longer.
    """
    if body.jwks_uri:
        registrations.check_keys_address(body.jwks_uri, services.outbound)
    check_match(request, application_model(to_change(work, caller, client_id)))
    changes = registrations.Changes(
        name=body.name,
        redirect_uris=_tuple(body.redirect_uris),
        post_logout_redirect_uris=_tuple(body.post_logout_redirect_uris),
        requested_scopes=_tuple(body.requested_scopes),
        jwks=body.jwks,
        jwks_uri=body.jwks_uri,
        is_suspended=None if body.status is None else body.status == "suspended",
    )
    row = registrations.change_application(
        work, caller, client_id, changes, outbound=services.outbound
    )
    return tagged(application_model(row))


@router.delete(
    "/apps/{client_id}",
    status_code=204,
    responses=errors(404, 409, 429),
    summary="Delete an application",
)
def delete_application(client_id: str, caller: AppsWrite, work: Work) -> None:
    """Its secrets, certificates and every token issued to it end with it, within seconds."""
    registrations.delete_application(work, caller, client_id)


@router.post(
    "/apps/{client_id}/approve-scopes",
    response_model=ApplicationModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Approve scopes",
)
def approve_scopes(
    client_id: str, caller: PlatformAdmin, work: Work, body: ApprovalRequest | None = None
) -> Response:
    """Those it requested, or exactly those of the body; the application may begin with them."""
    chosen = None if body is None else body.scopes
    row = registrations.approve_scopes(work, caller, client_id, chosen)
    return tagged(application_model(row))


@router.put(
    "/apps/{client_id}/facility",
    response_model=ApplicationModel,
    responses=errors(400, 404, 413, 415, 422, 429),
    summary="Say which facility an application belongs to",
)
def place(client_id: str, body: PlacementRequest, caller: PlatformAdmin, work: Work) -> Response:
    """Good from the application's next call on; null when it belongs to none."""
    return tagged(application_model(place_application(work, caller, client_id, body.facility_id)))


@router.patch(
    "/apps/{client_id}/governance",
    response_model=GovernanceModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Govern an application",
)
def govern(
    client_id: str,
    caller: PlatformAdmin,
    work: Work,
    flags: Annotated[
        dict[str, Any],
        Body(examples=[{"allow_service_tokens": True, "enforce_pkce": True}]),
    ],
) -> Response:
    """Set some flags of this one application; the answer has all of them.

    Service tokens that they forbid end, and refresh tokens are refused while they forbid those.
    """
    row = registrations.govern(work, caller, client_id, flags)
    document = GovernanceModel(client_id=row.client_id, governance=row.governance)
    return exact_json(document.model_dump())


@router.post(
    "/apps/{client_id}/rotate-secret",
    response_model=RotatedModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
    summary="Get a new secret",
)
def rotate_secret(
    request: Request,
    client_id: str,
    caller: AppsWrite,
    work: Work,
    body: RotationRequest | None = None,
    grace_seconds: _Grace = None,
) -> Response:
    """Shown in this answer and in no other. The secrets before it stay good for the grace."""
    asked = body.grace_seconds if body is not None else None
    seconds = asked if asked is not None else grace_seconds
    grace = GRACE if seconds is None else timedelta(seconds=seconds)

    def produce() -> tuple[int, RotatedModel]:
        secret, ends = registrations.rotate_secret(work, caller, client_id, grace=grace)
        return 200, RotatedModel(
            client_id=client_id, client_secret=secret, previous_secret_expires_at=ends
        )

    return answer_once(request, work, caller, body, produce, shown_once=_SECRET)


def _tuple(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(given)
