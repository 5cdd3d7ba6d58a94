"""After a conflict: what lies at the hospital now, and whether it is what we meant to put there.

An update whose answer was lost conflicts with itself when it is sent again. So everything it would
have updated is read: if all of it says what we say, the delivery had arrived.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from cloud.core.exchange.tables import ConnectionRow
from cloud.core.exchange.verdicts import Outcome, Placement, Verdict
from cloud.exchange.fhir_answers import placement
from cloud.exchange.fhir_sending import FhirSender

_OK: Final = 200
_OWN: Final = frozenset({"id", "meta", "reference", "text"})
"""What a server writes itself or writes otherwise: no difference in what is said."""


@dataclass(frozen=True, slots=True)
class _Read:
    says_ours: bool
    placement: Placement


def resolve(
    sender: FhirSender, connection: ConnectionRow, octets: bytes, conflict: Verdict, seconds: float
) -> Verdict:
    """The verdict of a conflict once its updates were read again, within so many seconds."""
    entries = [
        one
        for one in json.loads(octets, parse_float=Decimal).get("entry", [])
        if isinstance(one, dict)
    ]
    updates = [one for one in entries if _is_update(one)]
    if not updates:
        return conflict
    deadline = time.monotonic() + seconds
    found: dict[str, _Read] = {}
    for one in updates:
        if time.monotonic() > deadline:
            return conflict
        read = _read(sender, connection, one)
        if read is None:
            return conflict
        found[one["request"]["url"]] = read
    if all(read.says_ours for read in found.values()):
        nowhere = Placement(_OK)
        placements = [
            found[one["request"]["url"]].placement if _is_update(one) else nowhere
            for one in entries
        ]
        return Verdict(
            outcome=Outcome.TAKEN, reason="there_already", status=_OK, placements=tuple(placements)
        )
    versions = {url: read.placement.etag for url, read in found.items()}
    return replace(conflict, versions=versions)


def says(theirs: Any, ours: Any) -> bool:  # noqa: ANN401 - JSON
    """Whether theirs holds all that ours says, in their own way of writing references."""
    if isinstance(ours, dict):
        return isinstance(theirs, dict) and all(
            name in theirs and says(theirs[name], value)
            for name, value in ours.items()
            if name not in _OWN
        )
    if isinstance(ours, list):
        return (
            isinstance(theirs, list)
            and len(theirs) == len(ours)
            and all(says(one, other) for one, other in zip(theirs, ours, strict=True))
        )
    return type(theirs) is type(ours) and str(theirs) == str(ours)


def _is_update(entry: Mapping[str, Any]) -> bool:
    request = entry["request"]
    return request["method"] == "PUT" and "?" not in request["url"]


def _read(sender: FhirSender, connection: ConnectionRow, entry: Mapping[str, Any]) -> _Read | None:
    location = str(entry["request"]["url"])
    answer = sender.read(connection, location)
    if answer is None or answer.status != _OK:
        return None
    try:
        theirs = json.loads(answer.body, parse_float=Decimal)
        version = str(theirs["meta"]["versionId"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    tag = answer.headers.get("ETag") or f'W/"{version}"'
    return _Read(says(theirs, entry["resource"]), placement(_OK, location, tag))
