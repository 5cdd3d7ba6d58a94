"""The catalogue of events: whatever it shows is what it sends."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from cloud.api.platform.jobs import JobsRead
from cloud.api.shared.authentication import (
    AppsRead,
    DevicesRead,
    EpcrRead,
    PlatformAdmin,
    WebhooksRead,
)
from cloud.core.authorization import registrations
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.scopes import check_required
from cloud.core.webhooks.catalogue import CATALOGUE, EventType

TYPES = list(CATALOGUE.values())


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.name)
def test_every_sample_is_as_its_schema_says(kind: EventType) -> None:
    jsonschema.Draft202012Validator.check_schema(kind.schema)
    jsonschema.validate(kind.sample, kind.schema)
    json.dumps(kind.sample)


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.name)
def test_an_event_says_what_its_row_names_and_nothing_else(kind: EventType) -> None:
    told = {one.source or one.name: one.sample for one in kind.members}
    event = DomainEvent(
        event_id="evt_1",
        tenant_id="ten_1",
        type=kind.name,
        occurred_at=datetime(2026, 11, 26, tzinfo=UTC),
        resource_type="any",
        resource_id=kind.resource.sample,
        data={**told, "family_name": "Mustermann"},
    )

    assert kind.data_of(event) == {
        name: one
        for name, one in kind.sample.items()
        if name not in {each.name for each in kind.instead.values()}
    }


def test_readings_name_the_gateway_or_the_device_that_they_came_from() -> None:
    kind = CATALOGUE["device.observation.recorded"]
    told = {"vehicle_id": "RTW-4", "stored": 1, "encounter_ids": ["enc_1"]}
    for resource_type, member in (("gateway", "gateway_id"), ("device", "device_id")):
        event = DomainEvent(
            event_id="evt_1",
            tenant_id="ten_1",
            type=kind.name,
            occurred_at=datetime(2026, 11, 26, tzinfo=UTC),
            resource_type=resource_type,
            resource_id="x_1",
            data=told,
        )
        assert kind.data_of(event) == {member: "x_1", **told}
        jsonschema.validate(kind.data_of(event), kind.schema)


READ_BY = {
    "incident": EpcrRead,
    "epcr": EpcrRead,
    "device": DevicesRead,
    "job": JobsRead,
    "app": AppsRead,
    "access": PlatformAdmin,
    "endpoint": WebhooksRead,
}
"""What the API asks of whoever reads the things that events are about."""


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.name)
def test_who_may_read_a_thing_at_the_api_may_be_told_of_it_and_nobody_else(
    kind: EventType,
) -> None:
    _, needed = get_args(READ_BY[kind.name.partition(".")[0]])
    allowed = needed.dependency.any_of

    assert {kind.scope, *kind.also} == set(allowed)
    assert all(kind.is_for([scope]) for scope in allowed)
    assert not kind.is_for(["argus:acqi:read", "argus:telephony:*"])
    assert kind.is_for(["*"])


def test_everything_that_happens_to_applications_is_told() -> None:
    """The contract names them all together: `app.*`."""
    source = Path(registrations.__file__).read_text()
    published = set(re.findall(r"event=\"(app\.[a-z_]+)\"", source))

    assert "app.approved" in published
    assert published <= set(CATALOGUE)


@pytest.mark.parametrize("kind", TYPES, ids=lambda one: one.name)
def test_every_row_needs_a_scope_that_there_is_and_says_a_sentence(kind: EventType) -> None:
    check_required(kind.scope)
    assert kind.sentence.endswith(".")
