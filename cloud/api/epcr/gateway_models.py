"""Gateways and their commands on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cloud.api.shared.strict_json import StrictModel, Timestamp
from cloud.core.devices.invitations import MOST_MINUTES

CommandStatus = Literal["open", "done", "refused", "failed", "expired", "unsupported"]
_STATION_LIFE: Final = 3600
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class CommandRequest(StrictModel):
    """A command to a gateway: `waveform.window` takes a window, the others take nothing.

    `station.here` expires within the hour.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "waveform.window",
                    "from": "2026-11-26T10:14:00+00:00",
                    "to": "2026-11-26T10:14:10+00:00",
                    "leads": ["MDC_ECG_LEAD_II"],
                }
            ]
        }
    )

    kind: Literal[
        "clock.read", "credentials.renew", "station.here", "station.left", "waveform.window"
    ]
    expires_in_seconds: Annotated[int, Field(strict=True, ge=1, le=604_800)] = 86_400
    from_at: Annotated[Timestamp | None, Field(alias="from")] = None
    to_at: Annotated[Timestamp | None, Field(alias="to")] = None
    leads: Annotated[tuple[Code, ...], Field(max_length=16)] = ()

    @model_validator(mode="after")
    def _has_window(self) -> Self:
        is_window = self.kind == "waveform.window"
        if is_window != (self.from_at is not None) or is_window != (self.to_at is not None):
            raise ValueError("from and to belong to waveform.window, and both are needed there")
        if self.from_at is not None and self.to_at is not None and self.from_at >= self.to_at:
            raise ValueError("from is before to")
        if self.kind == "station.here" and self.expires_in_seconds > _STATION_LIFE:
            # A vehicle that hears it tomorrow is somewhere else.
            raise ValueError(f"station.here expires within {_STATION_LIFE} seconds")
        return self


class CommandModel(BaseModel):
    """A command and what became of it; `request` is what was asked, without patient data."""

    id: str
    gateway_id: str
    kind: str
    status: CommandStatus
    reason: str | None = None
    facts: dict[str, str]
    request: dict[str, Any]
    issued_by: str
    issued_at: datetime
    expires_at: datetime
    deliveries: int
    answered_at: datetime | None = None


class CommandsModel(BaseModel):
    """The newest commands of a gateway, newest first."""

    commands: list[CommandModel]


class GatewayModel(BaseModel):
    """A gateway; what it never said is absent. `backlog_age_seconds` is as of `reported_at`."""

    id: str
    name: str
    status: Literal["approved", "revoked"]
    vehicle_id: str | None = None
    created_at: datetime
    last_seen_at: datetime | None = None
    link: Literal["online", "offline"] | None = None
    link_at: datetime | None = None
    reported_at: datetime | None = None
    version: str | None = None
    configuration_version: int | None = None
    backlog_rows: int | None = None
    backlog_age_seconds: float | None = None
    certificate_ends_at: datetime | None = None


class GatewaysModel(BaseModel):
    """A page of gateways; `next_cursor` is null at the end."""

    gateways: list[GatewayModel]
    next_cursor: str | None = None


class InvitationRequest(StrictModel):
    """Whom to expect. `gateway_id` names one whose box is replaced."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
    vehicle_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    minutes: Annotated[int, Field(strict=True, ge=1, le=MOST_MINUTES)] = 60
    gateway_id: Code | None = None


class InvitationModel(BaseModel):
    """A one-time code, shown only now."""

    code: str
    expires_at: datetime


class RevocationRequest(StrictModel):
    """Why; shown on board. No patient data."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


class ConfigurationRequest(StrictModel):
    """Settings of a gateway, as in its settings file: keys, and groups of keys."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"settings": {"uplink": {"keepalive_seconds": 20}}}]}
    )

    settings: dict[str, Any]


class ConfigurationModel(BaseModel):
    """One version and what became of it on board."""

    version: int
    settings: dict[str, Any]
    status: Literal["sent", "applied", "refused", "rolled_back"]
    reason: str | None = None
    command_id: str | None = None
    created_at: datetime
    created_by: str
    decided_at: datetime | None = None


class ConfigurationsModel(BaseModel):
    """A gateway's configurations, newest first."""

    configurations: list[ConfigurationModel]
