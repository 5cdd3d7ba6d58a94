"""The topic of events: what happens, how it is told, signed and tried again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from cloud.api.discovery.documents import Code, Section, Table
from cloud.core.webhooks.catalogue import CATALOGUE, EventType
from cloud.core.webhooks.dialects import DIALECTS
from cloud.core.webhooks.samples import SAMPLE_SECRET, sample_message
from cloud.core.webhooks.schedules import SCHEDULES, Schedule

_SHOWN: Final = CATALOGUE["incident.updated"]
_MOST_WAITS: Final = 8


def events() -> tuple[Section, ...]:
    """The catalogue, a section an event, then the dialects and the retry tables."""
    rows = tuple((f"`{one.name}`", one.sentence, _scopes(one)) for one in CATALOGUE.values())
    return (
        Section(
            "Catalogue",
            (
                "An application has those sent to it that it may read: one such scope is what "
                "its token needs to subscribe, and what it must still be approved for when they "
                "are sent.",
                Table(("event", "what happened", "scope"), rows),
            ),
        ),
        *(_event(one) for one in CATALOGUE.values()),
        Section(
            "Dialects",
            (
                "Every message has the headers of Standard Webhooks; a dialect adds its own and "
                f"wraps the payload. These are signed with `{SAMPLE_SECRET}`.",
            ),
        ),
        *(_dialect(name) for name in DIALECTS),
        Section("Retries", tuple(part for one in SCHEDULES.values() for part in _schedule(one))),
    )


def _scopes(one: EventType) -> str:
    return " or ".join(f"`{scope}`" for scope in (one.scope, *one.also))


def _event(one: EventType) -> Section:
    properties: Mapping[str, Mapping[str, Any]] = one.schema["properties"]
    required = one.schema["required"]
    rows = tuple(
        (
            f"`{name}`",
            "array of string" if member["type"] == "array" else member["type"],
            "yes" if name in required else "no",
            member["description"],
        )
        for name, member in properties.items()
    )
    return Section(
        one.name,
        (
            one.sentence,
            Table(("member", "type", "always there", "what it is"), rows),
            _json(one.sample),
        ),
    )


def _dialect(name: str) -> Section:
    headers, document = sample_message(name, _SHOWN)
    rows = tuple((f"`{header}`", f"`{value}`") for header, value in headers.items())
    return Section(
        f"Dialect {name}",
        (DIALECTS[name].sentence, Table(("header", "sample"), rows), _json(document)),
    )


def _schedule(one: Schedule) -> tuple[str, Table]:
    waits = one.waits[:_MOST_WAITS]
    total = timedelta()
    rows = []
    for number, wait in enumerate(waits, start=2):
        total += wait
        rows.append((str(number), _words(wait), _words(total)))
    if len(waits) < len(one.waits):
        rows.append(("and so on", _words(one.waits[-1]), _words(sum(one.waits, timedelta()))))
    head = ("attempt", "after the one before", "after the first")
    return f"`{one.name}`: {one.sentence}", Table(head, tuple(rows))


def _words(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds // 60 % 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def _json(document: Mapping[str, Any]) -> Code:
    return Code("json", json.dumps(document, indent=2, ensure_ascii=False))
