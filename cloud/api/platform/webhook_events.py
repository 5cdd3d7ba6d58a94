"""The catalogue of events, and how messages are written, signed and tried again."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from cloud.api.platform.administration import counted
from cloud.api.shared.answers import JSON_MEDIA_TYPE
from cloud.api.shared.authentication import WebhooksRead
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import tagged_octets
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.kernel.exact_json import dumps
from cloud.core.kernel.principal import Principal
from cloud.core.webhooks.catalogue import CATALOGUE
from cloud.core.webhooks.dialects import DIALECTS
from cloud.core.webhooks.samples import sample_message
from cloud.core.webhooks.schedules import SCHEDULES

router = APIRouter(
    prefix="/v1/webhooks",
    tags=["Webhooks"],
    route_class=StrictRoute,
    dependencies=[Depends(counted)],
)

_PRIVATE: Final = {"Cache-Control": "private, max-age=300", "Vary": "Authorization"}
_SHOWN: Final = CATALOGUE["incident.updated"]


class EventModel(BaseModel):
    """One type of event. `usable`: the caller's token has the scope that its data needs.

    `schema` and `sample` are of the payload, which every dialect wraps in its own way.
    """

    type: str = Field(examples=["incident.updated"])
    description: str
    scope: str = Field(examples=["argus:epcr:read"])
    usable: bool
    json_schema: dict[str, Any] = Field(alias="schema")
    sample: dict[str, Any]


class DialectModel(BaseModel):
    """How a message is written and signed: the headers it comes with, and one as it may look."""

    name: str
    description: str
    headers: list[str]
    sample: dict[str, Any]


class RetryProfileModel(BaseModel):
    """The waits before the second attempt, the third and so on; each may be a tenth longer."""

    name: str
    description: str
    waits_seconds: list[int]


class CatalogueModel(BaseModel):
    """All that a receiver has to know."""

    events: list[EventModel]
    dialects: list[DialectModel]
    retry_profiles: list[RetryProfileModel]


@router.get(
    "/events",
    response_model=CatalogueModel,
    responses=errors(429),
    summary="The catalogue of events",
)
def list_events(request: Request, caller: WebhooksRead) -> Response:
    """Every event there is, the dialects they are written in, and when they are tried again."""
    document = CatalogueModel(
        events=_events(caller),
        dialects=[_dialect(name) for name in DIALECTS],
        retry_profiles=[
            RetryProfileModel(
                name=one.name,
                description=one.sentence,
                waits_seconds=[int(wait.total_seconds()) for wait in one.waits],
            )
            for one in SCHEDULES.values()
        ],
    )
    octets = dumps(document.model_dump(by_alias=True))
    return tagged_octets(request, octets, JSON_MEDIA_TYPE, _PRIVATE)


def _events(caller: Principal) -> list[EventModel]:
    return [
        EventModel(
            type=one.name,
            description=one.sentence,
            scope=one.scope,
            usable=one.is_for(caller.scopes),
            schema=one.schema,
            sample=one.sample,
        )
        for one in CATALOGUE.values()
    ]


def _dialect(name: str) -> DialectModel:
    headers, document = sample_message(name, _SHOWN)
    return DialectModel(
        name=name,
        description=DIALECTS[name].sentence,
        headers=list(headers),
        sample=document,
    )
