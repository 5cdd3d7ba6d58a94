"""What a tenant's administrator sees of its applications."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from cloud.api.shared.authentication import PlatformAdmin
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.authorization.applications import applications
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.scopes import CATALOGUE

router = APIRouter(prefix="/v1/platform", tags=["Platform"], route_class=StrictRoute)


class ScopeModel(BaseModel):
    """A scope applications may ask for."""

    name: str
    description: str


class ScopesModel(BaseModel):
    """The requestable scopes by name."""

    scopes: list[ScopeModel]


class ApplicationModel(BaseModel):
    """An application; its secret is shown only when it is made."""

    client_id: str
    name: str
    grant_types: list[str]
    redirect_uris: list[str]
    requested_scopes: list[str]
    approved_scopes: list[str]
    tenant_id: str
    status: str
    governance: dict[str, bool | int | list[str]]


class ApplicationsModel(BaseModel):
    """The tenant's applications by age."""

    apps: list[ApplicationModel]


@router.get("/scopes", summary="Scopes applications may ask for")
def scopes(caller: PlatformAdmin) -> ScopesModel:
    """The catalogue's requestable part, by name."""
    del caller
    rows = sorted((scope for scope in CATALOGUE if scope.is_requestable), key=lambda row: row.name)
    return ScopesModel(
        scopes=[ScopeModel(name=row.name, description=row.description) for row in rows]
    )


@router.get("/apps", summary="The tenant's applications")
def list_applications(caller: PlatformAdmin, work: Work) -> ApplicationsModel:
    """Every application of the caller's tenant, without secrets."""
    return ApplicationsModel(apps=[_model(row) for row in applications(work, caller)])


def _model(row: ApplicationRow) -> ApplicationModel:
    return ApplicationModel.model_validate(row, from_attributes=True)
