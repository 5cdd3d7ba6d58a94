"""Gateways and their commands on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cloud.api.shared.strict_json import StrictModel, Timestamp

CommandStatus = Literal["open", "done", "refused", "failed", "expired", "unsupported"]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class CommandRequest(StrictModel):
    """A command to a gateway: `waveform.window` takes a window, the others take nothing."""

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

    kind: Literal["clock.read", "credentials.renew", "waveform.window"]
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
