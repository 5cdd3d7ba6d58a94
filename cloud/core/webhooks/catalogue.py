"""Every event an application may have sent to it: one row each, and nothing else leaves.

A payload is thin: ids, a type, a version, words of a fixed list. What a row does not name stays
inside, whatever the event holds; who wants more fetches it with a token.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.scopes import (
    APPS_READ,
    APPS_WRITE,
    DEVICES_READ,
    DEVICES_WRITE,
    EPCR_READ,
    JOBS_READ,
    JOBS_WRITE,
    PLATFORM_ADMIN,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
    covered,
)

_SCHEMA: Final = "https://json-schema.org/draft/2020-12/schema"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a payload: its JSON type, what it says, and a sample.

    `source` is its name inside the event where that is another; `is_optional` members are left out
    when the event does not know them.
    """

    name: str
    sentence: str
    sample: Any
    kind: str = "string"
    source: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A row of the catalogue. `resource` names the member that holds the resource's id. `scope` is
    what one needs to be told, or any one of `also`, with which the API shows the same. `instead`
    are the members for resources of other types, where events of one name come from several; then
    each of them is there or not.
    """

    name: str
    sentence: str
    scope: str
    resource: Member
    also: tuple[str, ...] = ()
    members: tuple[Member, ...] = ()
    instead: Mapping[str, Member] = field(default_factory=dict)

    def is_for(self, granted: Iterable[str]) -> bool:
        """Whether somebody with these scopes may be told."""
        held = tuple(granted)
        return any(covered(held, scope) for scope in (self.scope, *self.also))

    def data_of(self, event: DomainEvent) -> dict[str, Any]:
        """What an event of this type says outside."""
        named = self.instead.get(event.resource_type, self.resource)
        data: dict[str, Any] = {named.name: event.resource_id}
        for one in self.members:
            value = event.data.get(one.source or one.name)
            if value is not None or not one.is_optional:
                data[one.name] = value
        return data

    @property
    def sample(self) -> dict[str, Any]:
        """A payload as it may look."""
        return {one.name: one.sample for one in (self.resource, *self.members)}

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the payload."""
        members = (self.resource, *self.instead.values(), *self.members)
        required = [one.name for one in members if not one.is_optional]
        return {
            "$schema": _SCHEMA,
            "title": self.name,
            "description": self.sentence,
            "type": "object",
            "properties": {one.name: _schema_of(one) for one in members},
            "required": required,
            "additionalProperties": False,
        }


def _schema_of(member: Member) -> dict[str, Any]:
    words: dict[str, Any] = {"description": member.sentence, "examples": [member.sample]}
    if member.kind == "array":
        return {"type": "array", "items": {"type": "string"}, **words}
    return {"type": member.kind, **words}


_ENCOUNTER: Final = Member("encounter_id", "The encounter.", "enc_5f0c1d7e0b0f4a5f8f43a51d6f0f3a11")
_STATUS: Final = Member("status", "Its status after the change.", "in_progress")
_VEHICLE: Final = Member("vehicle_id", "The vehicle it is in.", "RTW-4", is_optional=True)
_ACT: Final = Member("act", "What was done to it.", "pre_alert", is_optional=True)
_VERSION: Final = Member(
    "version",
    "Its version: a smaller one than you have is old news.",
    7,
    "integer",
    is_optional=True,
)
_DEVICE: Final = Member("device_id", "The device.", "dev_0b6f5f2c9a3d4e38b1de5a1a7d3c9f22")
_ON_BOARD: Final = Member("vehicle_id", "The vehicle it is on.", "RTW-4", is_optional=True)
_SENDER: Final = Member(
    "gateway_id",
    "The gateway that sent them.",
    "gw_7d3c9f220b6f5f2c9a3d4e38b1de5a1a",
    is_optional=True,
)
_MEASURED_BY: Final = Member(
    "device_id",
    "The device they were sent for, where no gateway did.",
    _DEVICE.sample,
    is_optional=True,
)
_APPLICATION: Final = Member(
    "client_id", "The application.", "app_51d6f0f3a115f0c1d7e0b0f4a5f8f43a"
)
_APP_STATUS: Final = Member("status", "Its status.", "approved", is_optional=True)
_INCIDENT: Final = Member("incident_id", "The incident as dispatch calls it.", "CAD-2026-004711")
_JOB: Final = Member("job_id", "The job.", "job_4a5f8f43a51d6f0f3a115f0c1d7e0b0f")
_ACCESS_REQUEST: Final = Member(
    "request_id", "The request for access.", "acr_4a5f8f43a51d6f0f3a115f0c1d7e0b0f"
)
_ENDPOINT: Final = Member("webhook_id", "The webhook.", "wh_8f43a51d6f0f3a115f0c1d7e0b0f4a5f")


def _encounter(name: str, sentence: str) -> EventType:
    return EventType(
        name=f"epcr.encounter.{name}",
        sentence=sentence,
        scope=EPCR_READ,
        resource=_ENCOUNTER,
        members=(_STATUS, _VEHICLE, _ACT, _VERSION),
    )


def _incident(name: str, sentence: str) -> EventType:
    return EventType(
        name=f"incident.{name}",
        sentence=sentence,
        scope=EPCR_READ,
        resource=_INCIDENT,
        members=(
            Member("status", "open while an encounter of it is under way, else closed.", "open"),
            Member("encounter_ids", "Its encounters.", [_ENCOUNTER.sample], "array"),
        ),
    )


def _device(name: str, sentence: str) -> EventType:
    return EventType(
        name=f"device.{name}",
        sentence=sentence,
        scope=DEVICES_READ,
        also=(DEVICES_WRITE,),
        resource=_DEVICE,
        members=(_ON_BOARD,),
    )


def _application(name: str, sentence: str) -> EventType:
    return EventType(
        name=f"app.{name}",
        sentence=sentence,
        scope=APPS_READ,
        also=(APPS_WRITE, PLATFORM_ADMIN),
        resource=_APPLICATION,
        members=(_APP_STATUS,),
    )


def _job(name: str, sentence: str) -> EventType:
    return EventType(
        name=f"job.{name}",
        sentence=sentence,
        scope=JOBS_READ,
        also=(JOBS_WRITE,),
        resource=_JOB,
        members=(Member("kind", "What kind of work it is.", "export"),),
    )


def _access(name: str, sentence: str) -> EventType:
    return EventType(
        name=f"access.{name}",
        sentence=sentence,
        scope=PLATFORM_ADMIN,
        resource=_ACCESS_REQUEST,
        members=(
            Member("capability", "What it is for.", "control_plane"),
            Member("status", "Its status after that.", "approved"),
        ),
    )


_ROWS: Final = (
    _incident("created", "The first encounter of an incident was opened."),
    _incident("updated", "An encounter of an incident changed."),
    _incident("closed", "No encounter of an incident is under way any more."),
    _encounter("created", "An encounter was opened."),
    _encounter("updated", "An encounter says something else than before."),
    _encounter("pre_alert", "A hospital was told that a patient comes."),
    _encounter("handed_over", "A hospital took the patient, or had the record exported."),
    _encounter("completed", "An encounter was completed."),
    _encounter("released", "A vehicle's crew ended an encounter on board."),
    _encounter("reopened", "A vehicle's crew took an encounter up again."),
    _device("enrolled", "A device was enrolled."),
    _device("assigned", "A device was assigned to a vehicle."),
    _device("quarantined", "A device was set aside."),
    _device("reinstated", "A device that was set aside serves again."),
    _device("retired", "A device was retired."),
    _device("offline", "A device was not heard for a while."),
    EventType(
        name="device.observation.recorded",
        sentence="Readings of a vehicle's devices arrived; one event a batch.",
        scope=DEVICES_READ,
        also=(DEVICES_WRITE,),
        resource=_SENDER,
        instead={"device": _MEASURED_BY},
        members=(
            _ON_BOARD,
            Member("stored", "How many readings are new.", 12, "integer"),
            Member("encounter_ids", "The encounters they belong to.", [_ENCOUNTER.sample], "array"),
        ),
    ),
    _job("succeeded", "A job is done and its result can be fetched."),
    _job("failed", "A job failed."),
    _job("cancelled", "A job was cancelled."),
    _application("created", "An application was registered."),
    _application("approved", "What an application may use was decided."),
    _application("updated", "An application was changed."),
    _application("governance_updated", "What an application may do was decided anew."),
    _application("secret_rotated", "An application has a new secret."),
    _application("deleted", "An application was deleted."),
    _access("requested", "Somebody asked to be let into what is reviewed."),
    _access("approved", "The organisation was let in."),
    _access("refused", "The organisation was not let in."),
    _access("revoked", "The organisation is not let in any more."),
    EventType(
        name="endpoint.disabled",
        sentence="A webhook of this application is not served any more.",
        scope=WEBHOOKS_READ,
        also=(WEBHOOKS_WRITE,),
        resource=_ENDPOINT,
        members=(Member("reason", "gone (it said 410) or failing (for five days).", "failing"),),
    ),
)
CATALOGUE: Final[Mapping[str, EventType]] = {one.name: one for one in _ROWS}
