"""The sandbox, for those who build against it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from cloud.api.platform.administration import counted
from cloud.api.platform.application_models import ScenarioName
from cloud.api.shared.authentication import on_platform
from cloud.api.shared.documentation import errors
from cloud.api.shared.services import AllServices, Work
from cloud.api.shared.strict_json import StrictModel, StrictRoute
from cloud.core.kernel.principal import Principal
from cloud.core.sandbox import service
from cloud.core.sandbox.scenarios import SCENARIOS

router = APIRouter(prefix="/v1/sandbox", tags=["Platform"], route_class=StrictRoute)

Caller = Annotated[Principal, Depends(on_platform)]


class ResetRequest(StrictModel):
    """What is to be played once everything is gone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"scenarios": ["low_saturation"]}]})

    scenarios: Annotated[list[ScenarioName], Field(max_length=20, default_factory=list)]


class ResetModel(BaseModel):
    """A sandbox as it is now."""

    reset_at: datetime
    scenarios: list[str] = Field(examples=[["chest_pain"]])


class ScenarioModel(BaseModel):
    """Something that can be played."""

    name: str = Field(examples=["chest_pain"])
    description: str


class ScenariosModel(BaseModel):
    """All that can be played."""

    scenarios: list[ScenarioModel]


@router.get("/scenarios", response_model=ScenariosModel, summary="What a sandbox can play")
def list_scenarios() -> ScenariosModel:
    """For sandbox tokens and resets."""
    return ScenariosModel(
        scenarios=[ScenarioModel(name=one.name, description=one.says) for one in SCENARIOS]
    )


@router.post(
    "/reset",
    response_model=ResetModel,
    responses=errors(400, 413, 415, 422, 429),
    dependencies=[Depends(counted)],
    summary="Empty the sandbox",
    # Any sandbox token will do.
    openapi_extra={"security": [{"oauth2": []}]},
)
def reset(caller: Caller, work: Work, services: AllServices, body: ResetRequest) -> ResetModel:
    """With a sandbox token, on the sandbox's host: everything of the tenant's sandbox goes, but for
    its audit, and the scenarios are played anew.
    """
    service.reset(work, caller, services.vault, body.scenarios)
    return ResetModel(reset_at=work.now, scenarios=body.scenarios)
