"""Subscription as a resource: read strictly, and written without its secrets.

R4 with the extensions of the Subscriptions R5 Backport guide: `criteria` names a topic, a filter
stands in an extension of it, and what a notification holds in one of the payload.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cloud.core.kernel.errors import InvalidError
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.outbound import GUARDED_HEADERS
from cloud.core.subscriptions.service import OFF, REQUESTED, Wanted
from cloud.core.subscriptions.tables import SubscriptionRow
from cloud.fhir.json import Element, element
from cloud.fhir.rest.kind import served
from cloud.fhir.rest.topics import BACKPORT, canonical, topic_of
from cloud.fhir.times import instant

PROFILE: Final = f"{BACKPORT}/backport-subscription"
FILTER: Final = f"{BACKPORT}/backport-filter-criteria"
CONTENT: Final = f"{BACKPORT}/backport-payload-content"
HEARTBEAT: Final = f"{BACKPORT}/backport-heartbeat-period"
TIMEOUT: Final = f"{BACKPORT}/backport-timeout"
MOST: Final = f"{BACKPORT}/backport-max-count"
CONTENTS: Final = ("empty", "id-only", "full-resource")
KEPT: Final = "(kept)"
"""Stands for the value of a header in what is read; sent back, it leaves the value as it is."""
_TYPE: Final = "rest-hook"
_FORMATS: Final = ("application/fhir+json", "application/json")
_HEADER: Final = re.compile(r"([A-Za-z0-9-]{1,60}): ?([\x20-\x7e]{1,2000})")
_OURS: Final = GUARDED_HEADERS | {"content-type"}
_MEMBERS: Final = frozenset(
    ("resourceType", "id", "meta", "implicitRules", "language", "text", "contact", "status", "end")
) | frozenset(("reason", "criteria", "_criteria", "channel", "error", "extension"))
_OF_CHANNEL: Final = frozenset(("type", "endpoint", "payload", "_payload", "header", "extension"))
_LONGEST: Final = 2000
_MOST_HEADERS: Final = 10
_BOUNDS: Final = {HEARTBEAT: (30, 86_400), TIMEOUT: (1, 30), MOST: (1, 100)}


def parse(document: object, *, base: str) -> Wanted:
    """What a Subscription asks for; InvalidError that names what is wrong."""
    told = _object(document, "Subscription", _MEMBERS)
    if told.get("resourceType") != "Subscription":
        raise _wrong("resourceType", "Subscription")
    if told.get("status") not in (REQUESTED, "active", OFF):
        raise _wrong("status", "requested, active or off")
    topic = topic_of(base, _text(told, "criteria", "criteria"))
    if topic is None:
        raise _wrong("criteria", "a topic of the CapabilityStatement")
    channel = _object(told.get("channel"), "channel", _OF_CHANNEL)
    if channel.get("type") != _TYPE:
        raise _wrong("channel.type", _TYPE)
    if channel.get("payload", _FORMATS[0]) not in _FORMATS:
        raise _wrong("channel.payload", _FORMATS[0])
    numbers = _numbers(channel)
    return Wanted(
        topic=topic.name,
        endpoint=_text(channel, "endpoint", "channel.endpoint"),
        content=_content(channel),
        status=OFF if told["status"] == OFF else REQUESTED,
        criteria=_filter(told),
        reason=_text(told, "reason", "reason") if "reason" in told else "",
        headers=_headers(channel),
        heartbeat_seconds=numbers.get(HEARTBEAT),
        timeout_seconds=numbers.get(TIMEOUT, 10),
        most_events=numbers.get(MOST, 20),
        ends_at=_end(told),
    )


def subscription(row: SubscriptionRow, headers: Sequence[str]) -> Element:
    """The resource of a row; of its headers only the names are told."""
    numbers = ((HEARTBEAT, row.heartbeat_seconds), (TIMEOUT, row.timeout_seconds))
    extensions: list[Element] = [
        {"url": url, "valueUnsignedInt": number} for url, number in numbers if number is not None
    ]
    extensions.append({"url": MOST, "valuePositiveInt": row.most_events})
    resource = element(
        resourceType="Subscription",
        meta={"profile": [PROFILE]},
        status=row.status,
        end=instant(row.ends_at) if row.ends_at else None,
        reason=row.reason or "Not told",
        criteria=canonical(row.base, row.topic),
        _criteria={"extension": [{"url": FILTER, "valueString": row.criteria}]}
        if row.criteria
        else None,
        error=row.error,
        channel=element(
            extension=extensions,
            type=_TYPE,
            endpoint=row.endpoint,
            payload=_FORMATS[0],
            _payload={"extension": [{"url": CONTENT, "valueCode": row.content}]},
            header=[f"{line.partition(':')[0]}: {KEPT}" for line in headers],
        ),
    )
    return served(resource, str(uuid_of(row.subscription_id)), row.updated_at, str(row.version))


def kept_headers(wanted: Sequence[str], held: Sequence[str]) -> tuple[str, ...]:
    """Header lines where those that are to be kept have the value they had."""
    known = {line.partition(":")[0].lower(): line for line in held}
    found = []
    for line in wanted:
        name, _, value = line.partition(":")
        found.append(known.get(name.lower(), line) if value.strip() == KEPT else line)
    return tuple(found)


def _content(channel: Mapping[str, Any]) -> str:
    found = [one.get("valueCode") for one in _extensions(channel.get("_payload"), CONTENT)]
    if len(found) != 1 or found[0] not in CONTENTS:
        raise _wrong("channel.payload.extension", "one of " + ", ".join(CONTENTS))
    return str(found[0])


def _filter(told: Mapping[str, Any]) -> str:
    found = [one.get("valueString") for one in _extensions(told.get("_criteria"), FILTER)]
    if not found:
        return ""
    if len(found) > 1 or not isinstance(found[0], str) or not found[0].startswith("Encounter?"):
        raise _wrong("criteria.extension", "one filter of the form Encounter?parameter=value")
    if len(found[0]) > _LONGEST:
        raise _wrong("criteria.extension", f"at most {_LONGEST} characters")
    return found[0]


def _numbers(channel: Mapping[str, Any]) -> dict[str, int]:
    found = {}
    for url, (least, most) in _BOUNDS.items():
        for one in _extensions(channel, url):
            value = one.get("valueUnsignedInt", one.get("valuePositiveInt"))
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise _wrong("channel.extension", f"a whole number from {least} to {most}")
            found[url] = value
    return found


def _headers(channel: Mapping[str, Any]) -> tuple[str, ...]:
    lines = channel.get("header", [])
    if not isinstance(lines, list) or len(lines) > _MOST_HEADERS:
        raise _wrong("channel.header", f"at most {_MOST_HEADERS} lines")
    for line in lines:
        found = _HEADER.fullmatch(line) if isinstance(line, str) else None
        if found is None or found[1].lower() in _OURS:
            raise _wrong("channel.header", "Name: value, of a header that is not ours to set")
    return tuple(lines)


def _end(told: Mapping[str, Any]) -> datetime | None:
    if "end" not in told:
        return None
    try:
        at = datetime.fromisoformat(_text(told, "end", "end"))
    except ValueError as exc:
        raise _wrong("end", "an instant") from exc
    if at.tzinfo is None:
        raise _wrong("end", "an instant")
    try:
        return at.astimezone(UTC)
    except OverflowError as exc:
        raise _wrong("end", "an instant") from exc


def _extensions(holder: object, url: str) -> list[Mapping[str, Any]]:
    listed = holder.get("extension") if isinstance(holder, Mapping) else None
    found = listed if isinstance(listed, list) else []
    return [one for one in found if isinstance(one, Mapping) and one.get("url") == url]


def _object(value: object, path: str, members: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(path, "an object")
    unknown = [str(name) for name in value if name not in members]
    if unknown:
        raise _wrong(f"{path}.{unknown[0][:40]}", "unknown element")
    return value


def _text(holder: Mapping[str, Any], name: str, path: str) -> str:
    value = holder.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST:
        raise _wrong(path, "text")
    return value


def _wrong(path: str, rule: str) -> InvalidError:
    return InvalidError(
        "invalid_resource",
        "Correct the element.",
        details={"fields": [{"field": f"body.{path}", "rule": rule}]},
    )
