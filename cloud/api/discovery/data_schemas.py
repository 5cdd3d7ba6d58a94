"""The schemas of what is exchanged, for whoever checks or makes it."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal, cast

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from cloud.api.discovery.schemas import PATH, DataSchema, of_description, of_events
from cloud.api.shared.authentication import require
from cloud.api.shared.contract import CONTRACT_VERSION
from cloud.api.shared.documentation import described, errors
from cloud.api.shared.entity_tags import tagged_octets
from cloud.api.shared.services import AllServices, Services
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.kernel.errors import NotFoundError
from cloud.core.kernel.exact_json import dumps
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.scopes import DISCOVERY_READ

router = APIRouter(tags=["Discovery"], route_class=StrictRoute)

SCHEMA_MEDIA: Final = "application/schema+json"
_STATE: Final = "data_schemas"
_PRIVATE: Final = {"Cache-Control": "private, max-age=300", "Vary": "Authorization"}

DiscoveryRead = Annotated[Principal, Depends(require(DISCOVERY_READ))]


class SchemaEntry(BaseModel):
    """One schema and where it is."""

    name: str = Field(examples=["EnrolRequest"])
    kind: Literal["resource", "event"]
    description: str
    version: str = Field(description="Changes when the schema does.", examples=["3f1c9a0b77de"])
    media_type: str = Field(examples=[SCHEMA_MEDIA])
    href: str
    used_by: list[str] = Field(examples=[["POST /api/v1/devices/enrol"]])


class SchemasModel(BaseModel):
    """Every schema by name."""

    contract_version: str = Field(examples=[CONTRACT_VERSION])
    schemas: list[SchemaEntry]


def known_schemas(request: Request, services: Services) -> dict[str, DataSchema]:
    """Every schema by name, worked out once a process."""
    found = getattr(request.app.state, _STATE, None)
    if found is None:
        issuer = services.authorization.issuer
        found = of_description(described(request, services), issuer) | of_events(issuer)
        setattr(request.app.state, _STATE, found)
    return cast("dict[str, DataSchema]", found)


@router.get(
    PATH,
    response_model=SchemasModel,
    responses=errors(),
    summary="The schemas of what is exchanged",
)
def list_schemas(
    request: Request,
    _caller: DiscoveryRead,
    services: AllServices,
    kind: Annotated[Literal["resource", "event"] | None, Query()] = None,
) -> Response:
    """Bodies of the API and what events carry, each with its version; under an ETag."""
    entries = [
        SchemaEntry(
            name=one.name,
            kind=cast("Literal['resource', 'event']", one.kind),
            description=one.says,
            version=version_of(one),
            media_type=SCHEMA_MEDIA,
            href=f"{services.authorization.issuer}{PATH}/{one.name}",
            used_by=list(one.used_by),
        )
        for one in known_schemas(request, services).values()
        if kind in (None, one.kind)
    ]
    document = SchemasModel(contract_version=CONTRACT_VERSION, schemas=entries)
    return tagged_octets(request, dumps(document.model_dump()), "application/json", _PRIVATE)


@router.get(
    PATH + "/{name}",
    responses={
        **errors(404),
        200: {
            "description": "A JSON Schema (2020-12) that stands alone",
            "content": {SCHEMA_MEDIA: {"schema": {"type": "object"}}},
        },
    },
    summary="One of the schemas",
)
def one_schema(
    request: Request, name: str, _caller: DiscoveryRead, services: AllServices
) -> Response:
    """With all it refers to inside it, so that it can be used without the others."""
    schema = known_schemas(request, services).get(name)
    if schema is None:
        raise NotFoundError("unknown_schema", "Use a name of the list of schemas.")
    return tagged_octets(request, dumps(schema.document), SCHEMA_MEDIA, _PRIVATE)


def version_of(schema: DataSchema) -> str:
    """What changes when the schema does."""
    return hashlib.sha256(dumps(schema.document)).hexdigest()[:12]
