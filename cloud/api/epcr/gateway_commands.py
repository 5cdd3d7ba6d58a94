"""Commands to a gateway, as operators give and follow them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from fastapi import APIRouter, Request
from starlette.responses import Response

from cloud.api.epcr.gateway_models import (
    CommandModel,
    CommandRequest,
    CommandsModel,
    CommandStatus,
)
from cloud.api.shared.answers import exact_json
from cloud.api.shared.authentication import DevicesRead, DevicesWrite
from cloud.api.shared.documentation import errors
from cloud.api.shared.idempotent import answer_once
from cloud.api.shared.pages import FIRST_LIMIT, Limit
from cloud.api.shared.services import Work
from cloud.api.shared.strict_json import StrictRoute
from cloud.core.devices import commands
from cloud.core.devices.fleet_tables import CommandRow
from cloud.core.encounters.reading_checks import parse_mdc_code
from protocols.errors import DecodeError
from protocols.uplink import commands as wire
from protocols.uplink.command_codec import decode_command

router = APIRouter(
    prefix="/api/v1/gateways/{gateway_id}/commands", tags=["Gateways"], route_class=StrictRoute
)


@router.post(
    "",
    status_code=201,
    response_model=CommandModel,
    responses=errors(400, 404, 409, 413, 415, 422, 429),
)
def send_command(
    request: Request, gateway_id: str, body: CommandRequest, caller: DevicesWrite, work: Work
) -> Response:
    """Queue a command; it goes to the gateway as soon as a way there is up."""

    def produce() -> tuple[int, CommandModel]:
        row = commands.queue(
            work,
            caller,
            gateway_id,
            _asked(body),
            life=timedelta(seconds=body.expires_in_seconds),
        )
        return 201, command_model(row)

    return answer_once(request, work, caller, body, produce)


@router.get("", response_model=CommandsModel, responses=errors(404, 422))
def list_commands(
    gateway_id: str,
    caller: DevicesRead,
    work: Work,
    status: CommandStatus | None = None,
    limit: Limit = FIRST_LIMIT,
) -> Response:
    """The newest commands of a gateway, newest first."""
    rows = commands.commands(work, caller, gateway_id, status=status, limit=limit)
    document = CommandsModel(commands=[command_model(row) for row in rows])
    return exact_json(document.model_dump(exclude_none=True))


@router.get("/{command_id}", response_model=CommandModel, responses=errors(404))
def get_command(gateway_id: str, command_id: str, caller: DevicesRead, work: Work) -> Response:
    """One command and its answer."""
    row = commands.command(work, caller, gateway_id, command_id)
    return exact_json(command_model(row).model_dump(exclude_none=True))


def command_model(row: CommandRow) -> CommandModel:
    """A command as operators see it."""
    return CommandModel.model_construct(
        id=row.command_id,
        gateway_id=row.gateway_id,
        kind=row.kind,
        status=cast("CommandStatus", row.status),
        reason=row.reason or None,
        facts=row.facts,
        request=_shown(row),
        issued_by=row.issued_by,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        deliveries=row.deliveries,
        answered_at=row.answered_at,
    )


def _asked(body: CommandRequest) -> wire.Request:
    if body.kind == "clock.read":
        return wire.ReadClock()
    if body.kind == "credentials.renew":
        return wire.RenewCredentials()
    if body.kind == "station.here":
        return wire.ArriveAtStation()
    if body.kind == "station.left":
        return wire.LeaveStation()
    if body.from_at is None or body.to_at is None:
        raise AssertionError("a window was checked to have both ends")
    return wire.SendWaveformWindow(
        from_at=body.from_at,
        to_at=body.to_at,
        leads=tuple(parse_mdc_code(lead) for lead in body.leads),
    )


def _shown(row: CommandRow) -> dict[str, Any]:
    """What was asked; dispatch's words about a patient are the encounter's affair."""
    try:
        request = decode_command(row.octets).request
    except DecodeError:
        return {}
    match request:
        case wire.SendWaveformWindow():
            return {
                "from": request.from_at,
                "to": request.to_at,
                "leads": [str(lead) for lead in request.leads],
            }
        case wire.BindEncounter() | wire.ReleaseEncounter():
            return {"encounter_id": request.encounter_id}
        case wire.Revoke():
            return {"reason": request.reason}
        case wire.ListDevices():
            return {"devices": len(request.devices)}
    return {}
