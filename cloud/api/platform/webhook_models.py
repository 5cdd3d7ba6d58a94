"""Webhooks on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from cloud.api.shared.strict_json import StrictModel, Timestamp
from cloud.core.webhooks.schedules import DEFAULT

Url = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=256)]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Events = Annotated[list[EventName], Field(min_length=1, max_length=100)]
Text = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Switch = Annotated[bool, Field(strict=True)]
DialectName = Literal["argus", "standard", "skin", "blueprint"]
ProfileName = Literal["default", "partner"]
DeliveryStatus = Literal["queued", "sending", "retrying", "succeeded", "failed", "discarded"]
Settled = Literal["succeeded", "failed", "discarded"]
_NEW: Final[dict[str, Any]] = {
    "url": "https://integrator.example/webhooks/argus",
    "events": ["incident.updated"],
    "secret": "a-long-random-text-of-yours",
}


class WebhookRequest(StrictModel):
    """Where events go. Without a `secret` one is made, and shown in this answer alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [_NEW]})

    url: Url
    events: Events
    secret: Secret | None = Field(default=None, repr=False)
    description: Text = ""
    dialect: DialectName = "argus"
    retry_profile: ProfileName = DEFAULT


class WebhookChange(StrictModel):
    """What becomes different; what is left out stays. `force` lets a new `secret` take the place of
    one that is still being rotated.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"events": ["incident.updated", "incident.closed"]}]}
    )

    url: Url | None = None
    events: Events | None = None
    secret: Secret | None = Field(default=None, repr=False)
    active: Switch | None = None
    description: Text | None = None
    retry_profile: ProfileName | None = None
    force: Switch = False

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set - {"force"}:
            raise ValueError("at least one member is needed")
        return self


class WebhookModel(BaseModel):
    """A webhook. `secret` is there when it was just made, and never again.

    `status` is active, paused (by you) or disabled (by us; `status_reason` says gone or failing).
    `previous_secret_expires_at` is there while the secret before signs beside the new one.
    `failures` counts attempts that failed in a row; `closed_until`: it rests after them.
    """

    id: str = Field(examples=["wh_8f43a51d6f0f3a115f0c1d7e0b0f4a5f"])
    url: str
    events: list[str]
    secret: str | None = Field(default=None, repr=False)
    description: str
    dialect: DialectName
    retry_profile: ProfileName
    status: Literal["active", "paused", "disabled"]
    status_reason: str | None = None
    created_at: datetime
    updated_at: datetime
    previous_secret_expires_at: datetime | None = None
    failures: int
    failing_since: datetime | None = None
    closed_until: datetime | None = None
    last_succeeded_at: datetime | None = None
    last_failed_at: datetime | None = None
    last_response_status: int | None = None


class WebhooksModel(BaseModel):
    """The application's webhooks by age; `next_cursor` is null at the end."""

    webhooks: list[WebhookModel]
    next_cursor: str | None = None


class SecretRotation(StrictModel):
    """A secret of yours, or none to have one made. `force` drops the older of two at once."""

    secret: Secret | None = Field(default=None, repr=False)
    force: Switch = False


class RotatedSecretModel(BaseModel):
    """`secret` is there when it was made, and never again; until then the one before signs too."""

    id: str
    secret: str | None = Field(default=None, repr=False)
    previous_secret_expires_at: datetime | None = None


class DeliveryModel(BaseModel):
    """One event on its way to one webhook.

    `message_id` is what the header `webhook-id` says: it is the same for every attempt and every
    replay of an event. `replay` counts how often it was asked for again. `error` says in a word why
    the last attempt failed.
    """

    id: str = Field(examples=["dlv_123"])
    status: DeliveryStatus
    event: str = Field(examples=["incident.updated"])
    message_id: str
    test: bool
    replay: int
    attempt: int = Field(description="How many attempts were made.")
    created_at: datetime
    attempted_at: datetime | None = None
    next_attempt_at: datetime | None = None
    settled_at: datetime | None = None
    response_status: int | None = None
    duration_ms: int | None = None
    error: str | None = None


class DeliveriesModel(BaseModel):
    """Deliveries to the webhook, newest first; `next_cursor` is null at the end."""

    deliveries: list[DeliveryModel]
    next_cursor: str | None = None


class AttemptModel(BaseModel):
    """One attempt. What the receiver's answer said is not among it."""

    number: int
    at: datetime
    duration_ms: int
    response_status: int | None = None
    error: str | None = None


class DeliveryDetailModel(DeliveryModel):
    """With each of its attempts."""

    attempts: list[AttemptModel]


class TrialRequest(StrictModel):
    """The event whose sample is sent; the webhook's first one when none is named."""

    event: EventName | None = None


class QueuedModel(BaseModel):
    """The delivery that is on its way now."""

    delivery_id: str = Field(examples=["dlv_test_123"])
    status: DeliveryStatus


class RangeReplay(StrictModel):
    """What happened from `since` until before `until` (now when it is left out).

    `events` and `statuses` narrow it down; without them it is everything that is settled.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"since": "2026-11-26T06:00:00Z", "statuses": ["failed"]}]}
    )

    since: Timestamp
    until: Timestamp | None = None
    events: Events | None = None
    statuses: Annotated[list[Settled], Field(min_length=1, max_length=3)] | None = None


class ReplayedModel(BaseModel):
    """How many messages are sent again."""

    queued: int
