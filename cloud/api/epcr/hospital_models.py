"""Connections to hospitals and deliveries on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cloud.api.shared.strict_json import StrictModel
from cloud.core.exchange.access import AccessKind
from cloud.core.exchange.connections import STANDARD_WISHES, Form, Kind, Wish

DeliveryState = Literal["waiting", "taken", "refused", "conflict", "abandoned", "dropped"]
Facility = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Address = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Word = Annotated[str, StringConstraints(max_length=500)]
Secret = Annotated[str, StringConstraints(max_length=4000)]
Pem = Annotated[str, StringConstraints(max_length=20_000)]
Wishes = Annotated[tuple[Wish, ...], Field(min_length=1, max_length=4)]
_EXAMPLE: Final[dict[str, Any]] = {
    "facility_id": "RJ122",
    "name": "General Hospital",
    "kind": "fhir",
    "address": "https://fhir.hospital.example/r4",
    "wants": ["pre_alert", "handover", "amendment"],
    "is_identified": True,
    "access": {
        "kind": "private_key_jwt",
        "token_url": "https://fhir.hospital.example/token",
        "client_id": "vitalwire",
        "scope": "system/*.cud",
    },
}


class AccessRequest(StrictModel):
    """What opens the server's door; it is sealed and never shown again.

    `private_key_jwt` without a `private_key` gets one made: its public half is in the answer.
    """

    kind: AccessKind = "none"
    secret: Secret = ""
    token_url: Word = ""
    client_id: Word = ""
    scope: Word = ""
    key_id: Word = ""
    private_key: Pem = ""
    certificate: Pem = ""
    certificate_key: Pem = ""


class ConnectionRequest(StrictModel):
    """A hospital's server: `https://` for `fhir`, `mllps://host:port` for `mllp`."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    facility_id: Facility
    name: Name
    kind: Kind
    address: Address
    wants: Wishes = STANDARD_WISHES
    form: Form = "transaction"
    is_identified: Annotated[bool, Field(strict=True)] = False
    access: AccessRequest = AccessRequest()
    authorities: Pem = ""


class ConnectionChangeRequest(StrictModel):
    """What becomes different; what is left out stays. `access` is replaced as a whole."""

    name: Name | None = None
    address: Address | None = None
    wants: Wishes | None = None
    form: Form | None = None
    is_identified: Annotated[bool | None, Field(strict=True)] = None
    access: AccessRequest | None = None
    authorities: Pem | None = None
    is_paused: Annotated[bool | None, Field(strict=True)] = None


class ConnectionModel(BaseModel):
    """A connection, without what opens the door. `closed_until` is there while it rests after
    failures; `public_jwk` is what the hospital registers.
    """

    id: str
    facility_id: str
    name: str
    kind: Kind
    address: str
    wants: list[str]
    form: Form
    is_identified: bool
    access_kind: str
    has_certificate: bool
    has_authorities: bool
    status: Literal["active", "paused", "ended"]
    created_at: datetime
    updated_at: datetime
    failures: int
    closed_until: datetime | None = None
    last_taken_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_reason: str | None = None
    public_jwk: dict[str, Any] | None = None


class ConnectionsModel(BaseModel):
    """The tenant's connections that have not ended, oldest first."""

    connections: list[ConnectionModel]


class TrialModel(BaseModel):
    """What came of a test: `reason` says in a word what is wrong, `facts` what the server is."""

    ok: bool
    reason: str | None = None
    response_status: int | None = None
    milliseconds: int
    facts: dict[str, str]


class DeliveryModel(BaseModel):
    """One thing told to one hospital, and what became of it."""

    id: str
    connection_id: str
    encounter_id: str
    kind: str
    state: DeliveryState
    attempts: int
    parts: int
    created_at: datetime
    due_at: datetime | None = None
    attempted_at: datetime | None = None
    settled_at: datetime | None = None
    response_status: int | None = None
    reason: str | None = None


class DeliveriesModel(BaseModel):
    """Deliveries, newest first; `next_cursor` is null at the end."""

    deliveries: list[DeliveryModel]
    next_cursor: str | None = None


class PlacedModel(BaseModel):
    """One resource as it lies at the hospital."""

    full_url: str
    location: str
    etag: str | None = None


class DeliveryDetailModel(DeliveryModel):
    """With the hospital's own words and where everything lies."""

    words: str | None = None
    placed: list[PlacedModel]


class ReplayRequest(StrictModel):
    """Send again: the same octets, or with `fresh` what the encounter says now."""

    fresh: Annotated[bool, Field(strict=True)] = False
