"""Recordings as capture files: what `replay:` plays and `decode` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from edge.decoding.again import attributes_of
from edge.recorder.records import Kind, Record
from edge.recorder.references import OctetRange
from edge.recorder.ring import KeptRecording, Ring
from protocols.captures import AGENT_TO_MANAGER, MANAGER_TO_AGENT
from protocols.captures.file_format import FORMAT_NAME, FORMAT_VERSION
from protocols.ieee20601.framing import StreamLimits, WholeApdu
from protocols.ieee20601.line_framings import RAW, STREAM_FRAMINGS

_DIRECTIONS: Final = {Kind.RECEIVED: AGENT_TO_MANAGER, Kind.SENT: MANAGER_TO_AGENT}

_OF_A_LINK: Final = ("quirk", "known_as", "attributes")
"""What a radio link's values need to be played."""


def export_lines(
    ring: Ring,
    recording: KeptRecording,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    place: OctetRange | None = None,
) -> Iterator[str]:
    """One capture, line by line. Its association is always in it, so that it can be played.

    `place`: behind the association these octets alone.

    Framed lines are exported as the APDUs in their frames; what belongs to no APDU is left out
    then. Values of a radio link carry their characteristic and the wall's time.
    """
    records = list(ring.records_of(recording.name))
    yield json.dumps(_header(recording, records))
    handles = {item.handle: item for item in attributes_of(recording)}
    first, passed = None, 0
    for record, octets in _messages(recording, _chosen(records, since, until, place)):
        first = record.monotonic_us if first is None else first
        # What waited in a radio link until it was known who speaks came before what was read.
        passed = max(passed, record.monotonic_us - first)
        message: dict[str, Any] = {
            "t": passed / 1e6,
            "dir": _DIRECTIONS[record.kind],
            "hex": octets.hex(),
        }
        if record.channel in handles:
            message |= {"handle": record.channel, "uuid": str(handles[record.channel].uuid)}
            message |= {"utc": record.utc.isoformat()}
        yield json.dumps(message)


def _header(recording: KeptRecording, records: list[Record]) -> dict[str, Any]:
    header = {
        "capture": FORMAT_NAME,
        "version": FORMAT_VERSION,
        "id": recording.name,
        "device": recording.device,
        "kind": recording.facts.get("kind", "20601"),
        "begun": recording.first.isoformat(),
    }
    header |= {name: recording.facts[name] for name in _OF_A_LINK if name in recording.facts}
    learnt = [record.facts for record in records if record.kind is Kind.LEARNT]
    known = [facts for facts in learnt if facts.get("configuration")]
    return header | ({"configurations": known} if known else {})


def _chosen(
    records: list[Record],
    since: datetime | None,
    until: datetime | None,
    place: OctetRange | None,
) -> Iterator[Record]:
    """The head up to the first report, then what passed in the wanted time."""
    in_head = True
    for record in records:
        if record.kind is Kind.DECODED:
            in_head = False
        if record.kind not in _DIRECTIONS:
            continue
        is_late = until is not None and record.utc > until
        is_wanted = since is None or record.utc >= since
        if place is not None:
            end = record.offset + len(record.payload)
            is_there = record.offset < place.offset + place.length and place.offset < end
            is_wanted = record.kind is Kind.RECEIVED and is_there
        if (in_head or is_wanted) and not is_late:
            yield record


def _messages(
    recording: KeptRecording, records: Iterator[Record]
) -> Iterator[tuple[Record, bytes]]:
    framing = str(recording.facts.get("framing", RAW))
    if framing == RAW:
        for record in records:
            yield record, record.payload
        return
    readers = {kind: STREAM_FRAMINGS[framing](StreamLimits()) for kind in _DIRECTIONS}
    for record in records:
        for piece in readers[record.kind].receive(record.payload, now=record.monotonic_us / 1e6):
            if isinstance(piece, WholeApdu):
                yield record, piece.octets
