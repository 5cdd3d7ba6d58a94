"""The versions of an encounter's record: what was handed over stays readable."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel
from starlette.responses import Response

from cloud.api.epcr.record_answers import record_members
from cloud.api.epcr.record_models import RecordModel
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import EpcrSee
from cloud.api.shared.documentation import errors
from cloud.api.shared.entity_tags import version_tag
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.encounters.reading_versions import SeenVersion, read_version, read_versions

router = APIRouter(
    prefix="/api/v1/epcr/encounters/{encounter_id}/versions",
    tags=["Encounters"],
    route_class=StrictRoute,
)
VersionNumber = Annotated[int, Path(ge=1, le=1_000_000_000)]


class VersionModel(BaseModel):
    """When a version was kept, and at what; the `reason` is shown at the destination only."""

    version: int
    kind: str
    at: datetime
    by: str
    reason: str | None = None


class VersionsModel(BaseModel):
    """The versions that were kept, oldest first."""

    versions: list[VersionModel]


class WholeVersionModel(VersionModel):
    """A version with its record as it stood."""

    record: RecordModel


@router.get("", response_model=VersionsModel, responses=errors(404, 410))
def list_versions(encounter_id: str, caller: EpcrSee, work: Work) -> Response:
    """One at the handover, one at completion, and one for every amendment."""
    document = VersionsModel(
        versions=[VersionModel(**_head(one)) for one in read_versions(work, caller, encounter_id)]
    )
    return exact_json(document.model_dump(exclude_none=True))


@router.get("/{version}", response_model=WholeVersionModel, responses=errors(404, 410, 422))
def get_version(encounter_id: str, version: VersionNumber, caller: EpcrSee, work: Work) -> Response:
    """The record as it was then."""
    seen = read_version(work, caller, encounter_id, version)
    members = record_members(
        seen.record, is_identified=seen.is_identified, has_narrative=seen.has_narrative
    )
    document = WholeVersionModel(**_head(seen), record=RecordModel(**members))
    return exact_json(
        document.model_dump(exclude_none=True), headers={"ETag": version_tag(version)}
    )


def _head(seen: SeenVersion) -> dict[str, Any]:
    row = seen.row
    return {
        "version": row.version,
        "kind": row.kind,
        "at": row.at,
        "by": row.by,
        "reason": seen.reason or None,
    }
