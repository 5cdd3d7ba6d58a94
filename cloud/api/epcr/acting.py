"""How an act on an encounter is answered: once a key, and on the version its caller saw."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import Request
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cloud.api.epcr.encounter_answers import encounter_model
from cloud.api.epcr.encounter_models import EncounterModel
from cloud.api.shared.entity_tags import named_version, version_tag
from cloud.api.shared.idempotent import answer_once
from cloud.core.encounters.finding import to_change
from cloud.core.encounters.tables import EncounterRow
from cloud.core.kernel.exact_json import loads
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.work import UnitOfWork


def answer_act(
    request: Request,
    work: UnitOfWork,
    caller: Principal,
    encounter_id: str,
    body: BaseModel | None,
    act: Callable[[], EncounterRow],
) -> Response:
    """The encounter after `act`, pseudonymised; 412 when it is no longer as If-Match says.

    The same Idempotency-Key gives the same answer, whatever happened since.
    """

    def produce() -> tuple[int, EncounterModel]:
        named = named_version(request)
        if named is not None and to_change(work, caller, encounter_id).version != named:
            raise HTTPException(412)
        return 200, encounter_model(act())

    response = answer_once(request, work, caller, body, produce)
    response.headers["ETag"] = version_tag(loads(bytes(response.body))["version"])
    return response
