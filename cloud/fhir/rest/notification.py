"""Notifications: a history Bundle with the subscription's status in front (Backport, R4)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

from cloud.core.kernel.identifiers import uuid_of
from cloud.core.subscriptions.tables import NotifiedEventRow, SubscriptionRow
from cloud.fhir.json import Element, JsonValue, element
from cloud.fhir.rest.desk import Desk
from cloud.fhir.rest.kinds.encounter import resource as encounter_resource
from cloud.fhir.rest.topics import BACKPORT, canonical
from cloud.fhir.times import instant

HANDSHAKE: Final = "handshake"
HEARTBEAT: Final = "heartbeat"
EVENT: Final = "event-notification"
QUERY_STATUS: Final = "query-status"
QUERY_EVENT: Final = "query-event"
_BUNDLE: Final = f"{BACKPORT}/backport-subscription-notification-r4"
_STATUS: Final = f"{BACKPORT}/backport-subscription-status-r4"
_NAMESPACE: Final = UUID("5e5ab0f4-6b6b-4f7e-9d6d-0c7d0f3d1a52")


def notification(
    desk: Desk,
    row: SubscriptionRow,
    kind: str,
    events: Sequence[NotifiedEventRow] = (),
    *,
    content: str = "",
) -> Element:
    """What is sent, or given to who asks; `content` replaces the subscription's own."""
    content = content or row.content
    told = status(row, kind, events, with_focus=content != "empty", base=desk.base)
    identity = str(told["id"])
    reference = f"Subscription/{uuid_of(row.subscription_id)}"
    entries: list[JsonValue] = [
        {
            "fullUrl": f"urn:uuid:{identity}",
            "resource": told,
            "request": {"method": "GET", "url": f"{reference}/$status"},
            "response": {"status": "200"},
        }
    ]
    if content != "empty":
        entries += _focuses(desk, events, is_full=content == "full-resource")
    return {
        "resourceType": "Bundle",
        "id": str(uuid5(_NAMESPACE, f"bundle {identity}")),
        "meta": {"profile": [_BUNDLE], "lastUpdated": instant(desk.work.now)},
        "type": "history",
        "timestamp": instant(desk.work.now),
        "entry": entries,
    }


def status(
    row: SubscriptionRow,
    kind: str,
    events: Sequence[NotifiedEventRow] = (),
    *,
    with_focus: bool = False,
    base: str = "",
) -> Element:
    """SubscriptionStatus in R4's clothes: Parameters."""
    subscription = f"Subscription/{uuid_of(row.subscription_id)}"
    parameters: list[JsonValue] = [
        {
            "name": "subscription",
            "valueReference": {"reference": f"{base}/{subscription}" if base else subscription},
        },
        {"name": "topic", "valueCanonical": canonical(row.base, row.topic)},
        {"name": "status", "valueCode": row.status},
        {"name": "type", "valueCode": kind},
        {"name": "eventsSinceSubscriptionStart", "valueString": str(row.events)},
    ]
    for one in events:
        parameters.append({"name": "notificationEvent", "part": _parts(one, base, with_focus)})
    if row.error:
        parameters.append({"name": "error", "valueCodeableConcept": {"text": row.error}})
    words = (row.subscription_id, kind, str(row.events), *(str(one.number) for one in events))
    return {
        "resourceType": "Parameters",
        "id": str(uuid5(_NAMESPACE, " ".join(words))),
        "meta": {"profile": [_STATUS]},
        "parameter": parameters,
    }


def _parts(one: NotifiedEventRow, base: str, with_focus: bool) -> list[JsonValue]:
    parts: list[JsonValue] = [
        {"name": "eventNumber", "valueString": str(one.number)},
        {"name": "timestamp", "valueInstant": instant(one.happened_at)},
    ]
    if with_focus:
        url = f"{base}/Encounter/{uuid_of(one.encounter_id)}"
        parts.append({"name": "focus", "valueReference": {"reference": url}})
    return parts


def _focuses(desk: Desk, events: Sequence[NotifiedEventRow], *, is_full: bool) -> list[JsonValue]:
    """The encounters the events are about, each once and as it is now."""
    entries: list[JsonValue] = []
    for encounter_id in dict.fromkeys(one.encounter_id for one in events):
        chart = desk.chart(encounter_id)
        path = f"Encounter/{uuid_of(encounter_id)}"
        if chart is None:
            continue
        entries.append(
            element(
                fullUrl=f"{desk.base}/{path}",
                resource=encounter_resource(chart) if is_full else None,
                request={"method": "PUT", "url": path},
                response={"status": "200"},
            )
        )
    return entries
