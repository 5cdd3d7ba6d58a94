"""The signing keys, and the catalogue of scopes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Request
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from cloud.api.clinical.callers import ClientsAdmin
from cloud.api.shared.answers import exact_json
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Cursor, Limit, PageByTime
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictModel, StrictRoute
from cloud.api.shared.words import Name, ScopeName
from cloud.core.authorization.key_rotation import all_keys, rotate_keys, status_of
from cloud.core.authorization.registered_scopes import catalogue, register_scope
from cloud.core.authorization.tables import SigningKeyRow
from cloud.core.kernel.work import UnitOfWork

router = APIRouter(prefix="/v1/auth", tags=["Clinical auth"], route_class=StrictRoute)


_LIST: Final = "signing-keys"


class KeyModel(BaseModel):
    """A signing key: active (it signs), retiring (it still verifies) or retired."""

    kid: str
    status: str
    algorithm: str
    created_at: datetime
    retiring_at: datetime | None
    retired_at: datetime | None


class KeysModel(BaseModel):
    """Keys, newest first."""

    keys: list[KeyModel]
    next_cursor: str | None


class RotationModel(BaseModel):
    """The key that signs access tokens now, and all that are new."""

    kid: str
    status: str
    keys: list[KeyModel]


class ScopeRequest(StrictModel):
    """A scope that a service of the organisation's own asks for."""

    name: ScopeName
    description: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)
    ]
    service: Name


class ScopeModel(BaseModel):
    """A scope of the catalogue."""

    name: str
    description: str
    service: str
    requestable: bool = True
    sensitive: bool = False


class ScopesModel(BaseModel):
    """The organisation's catalogue, by name."""

    scopes: list[ScopeModel]


@router.post(
    "/admin/keys/rotate",
    response_model=RotationModel,
    responses=errors(409, 429),
    summary="Sign with new keys",
)
def rotate(request: Request, caller: ClientsAdmin, work: Work, services: AllServices) -> Response:
    """They serve every organisation. The old ones verify until the last of their tokens ends."""

    def produce() -> tuple[int, BaseModel]:
        made = rotate_keys(work, services.vault, caller)
        keys = [_key(work, row) for row in made]
        return 200, RotationModel(kid=made[0].kid, status="active", keys=keys)

    return answer_once(request, work, caller, None, produce)


@router.get(
    "/admin/keys",
    response_model=KeysModel,
    responses=errors(400, 422, 429),
    summary="The signing keys",
)
def list_keys(
    caller: ClientsAdmin,
    work: Work,
    services: AllServices,
    limit: Limit = FIRST_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Their public names and times, newest first."""
    wanted = PageByTime(services.cursors, caller, _LIST, limit, cursor)
    rows = all_keys(work, after=wanted.after(), limit=limit + 1)
    page = wanted.of(rows, lambda row: (row.created_at, row.kid))
    document = KeysModel(keys=[_key(work, row) for row in page.items], next_cursor=page.next_cursor)
    return exact_json(document.model_dump())


@router.post(
    "/scopes/register",
    status_code=201,
    response_model=ScopeModel,
    responses=errors(400, 409, 413, 415, 422, 429),
    summary="Register a scope",
)
def register(request: Request, body: ScopeRequest, caller: ClientsAdmin, work: Work) -> Response:
    """Clients of the organisation can be granted it from now on."""

    def produce() -> tuple[int, BaseModel]:
        row = register_scope(
            work, caller, name=body.name, description=body.description, service=body.service
        )
        return 201, ScopeModel(name=row.name, description=row.description, service=row.service)

    return answer_once(request, work, caller, body, produce)


@router.get(
    "/scopes", response_model=ScopesModel, responses=errors(429), summary="The catalogue of scopes"
)
def scopes(caller: ClientsAdmin, work: Work) -> Response:
    """Everything that can be granted, registered scopes included."""
    document = ScopesModel(
        scopes=[
            ScopeModel(
                name=scope.name,
                description=scope.description,
                service=scope.surface,
                requestable=scope.is_requestable,
                sensitive=scope.is_sensitive,
            )
            for scope in catalogue(work, caller)
        ]
    )
    return exact_json(document.model_dump())


def _key(work: UnitOfWork, row: SigningKeyRow) -> KeyModel:
    return KeyModel(
        kid=row.kid,
        status=status_of(row, work),
        algorithm=row.algorithm,
        created_at=row.created_at,
        retiring_at=row.retiring_at,
        retired_at=row.retired_at,
    )
