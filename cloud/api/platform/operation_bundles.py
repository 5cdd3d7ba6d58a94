"""Curated GraphQL operations in the hands of a tenant's applications, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import PlatformAdmin
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictModel, StrictRoute
from cloud.core.authorization.applications import application
from cloud.core.curation import grants
from cloud.core.curation.bundles import Bundle, bundles
from cloud.core.curation.tables import OperationGrantRow

router = APIRouter(
    prefix="/v1/platform",
    tags=["Platform"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

Version = Annotated[int, Field(ge=1, le=10_000)]


class OperationDocumentModel(BaseModel):
    """One operation: send its `text`, or `documentId` alone. The caller needs all the scopes."""

    id: str
    documentId: str  # noqa: N815 - as callers send it
    text: str
    required_scopes: list[str]


class OperationBundleModel(BaseModel):
    """Operations that are granted together."""

    name: str
    version: int
    purpose: str
    documents: list[OperationDocumentModel]


class OperationBundlesModel(BaseModel):
    """Every bundle there is."""

    bundles: list[OperationBundleModel]


class GrantModel(BaseModel):
    """A version of a bundle that an application may run."""

    name: str
    version: int
    granted_at: datetime
    granted_by: str


class GrantsModel(BaseModel):
    """What an application was granted."""

    client_id: str
    bundles: list[GrantModel]


class GrantRequest(StrictModel):
    """Which version; the newest when nothing is said."""

    version: Version | None = None


@router.get(
    "/operation-bundles",
    response_model=OperationBundlesModel,
    responses=errors(429),
    summary="The bundles of GraphQL operations there are",
)
def list_bundles(caller: PlatformAdmin) -> Response:  # noqa: ARG001 - the scope is what it is for
    """With their documents, to hand to an integrator."""
    document = OperationBundlesModel(bundles=[_bundle(one) for one in bundles()])
    return exact_json(document.model_dump())


@router.get(
    "/apps/{client_id}/operation-bundles",
    response_model=GrantsModel,
    responses=errors(404, 429),
    summary="The bundles an application may run",
)
def list_grants(client_id: str, caller: PlatformAdmin, work: Work) -> Response:
    """By name and version."""
    row = application(work, caller, client_id)
    return exact_json(_grants(row.client_id, grants.granted(work, caller, client_id)).model_dump())


@router.put(
    "/apps/{client_id}/operation-bundles/{name}",
    response_model=GrantsModel,
    responses=errors(400, 404, 413, 415, 422, 429),
    summary="Grant a bundle to an application",
)
def grant(
    client_id: str, name: str, caller: PlatformAdmin, work: Work, body: GrantRequest | None = None
) -> Response:
    """Good from its next call on. It still needs the scopes of each operation."""
    grants.grant_bundle(work, caller, client_id, name, body.version if body else None)
    return exact_json(_grants(client_id, grants.granted(work, caller, client_id)).model_dump())


@router.delete(
    "/apps/{client_id}/operation-bundles/{name}",
    status_code=204,
    responses=errors(404, 422, 429),
    summary="Take a bundle back from an application",
)
def take_back(
    client_id: str,
    name: str,
    caller: PlatformAdmin,
    work: Work,
    version: Annotated[int | None, Query(ge=1, le=10_000, description="All of them.")] = None,
) -> None:
    """Its next call is refused."""
    grants.take_back_bundle(work, caller, client_id, name, version)


def _bundle(one: Bundle) -> OperationBundleModel:
    return OperationBundleModel(
        name=one.name,
        version=one.version,
        purpose=one.purpose,
        documents=[
            OperationDocumentModel(
                id=document.id,
                documentId=document.read.document_id,
                text=document.text,
                required_scopes=list(document.required_scopes),
            )
            for document in one.documents
        ],
    )


def _grants(client_id: str, rows: list[OperationGrantRow]) -> GrantsModel:
    return GrantsModel(
        client_id=client_id,
        bundles=[
            GrantModel(
                name=row.bundle,
                version=row.version,
                granted_at=row.granted_at,
                granted_by=row.granted_by,
            )
            for row in rows
        ],
    )
