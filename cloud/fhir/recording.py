"""Binary: an ECG longer than one strip in one piece, as long as a server takes it.

Strips keep observations below what servers take; who wants to measure over a longer time gets the
same samples once more in one piece. A Binary has no identifier in R4: it stands in documents, and
in transactions for servers that create what is put.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from cloud.fhir.document_reference import ECG, document_reference
from cloud.fhir.json import Element, dumps, element
from cloud.fhir.names import Names
from cloud.fhir.strips import Leads, Strip
from cloud.fhir.times import clock_time, instant
from cloud.fhir.waveform import leads_body, leads_name

MEDIA_TYPE: Final = "application/fhir+json"
MOST_SAMPLES: Final = 120_000
"""Of all leads together: servers take no text of more than a megabyte."""
_APART: Final = timedelta(milliseconds=20)


def long_recordings(groups: Iterable[Leads]) -> list[Leads]:
    """Every ECG that goes on over several strips, joined, `MOST_SAMPLES` at most each."""
    runs: list[list[Leads]] = []
    latest: dict[str, list[Leads]] = {}
    for leads in sorted(groups, key=lambda one: one.start):
        device = leads.chunks[0].device_id
        run = latest.get(device)
        is_full = run is not None and _samples([*run, leads]) > MOST_SAMPLES
        if run is None or is_full or not _goes_on(run[-1], leads):
            run = latest[device] = []
            runs.append(run)
        run.append(leads)
    return [_joined(run) for run in runs if len(run) > 1]


def recording(leads: Leads) -> bytes:
    """The samples of a long ECG as an Observation without subject: whose it is, is told around."""
    return dumps(
        element(resourceType="Observation", status="final", **leads_body(leads)),
    )


def binary(octets: bytes) -> Element:
    """Those octets as a resource, local name `waveform.leads_name` of the whole."""
    return {
        "resourceType": "Binary",
        "contentType": MEDIA_TYPE,
        "data": base64.b64encode(octets).decode(),
    }


def recording_document(names: Names, leads: Leads, octets: bytes) -> Element:
    """What leads to the Binary, local name the same as the Binary's."""
    title = f"{len(leads.strips)}-lead ECG in one piece {clock_time(leads.start)}"
    local = leads_name(leads)
    digest = hashlib.sha1(octets, usedforsecurity=False).digest()
    told = document_reference(
        names,
        names.within_encounter("EcgRecording", local),
        ECG,
        at=leads.start,
        author=names.reference("Organization"),
        attachment={
            "contentType": MEDIA_TYPE,
            "url": names.urn("EcgBinary", local),
            "size": len(octets),
            "hash": base64.b64encode(digest).decode(),
            "title": title,
            "creation": instant(leads.start),
        },
    )
    told["context"] = {
        "encounter": [names.reference("Encounter")],
        "period": {"start": instant(leads.start), "end": instant(leads.end)},
    }
    return told


def _samples(run: Iterable[Leads]) -> int:
    return sum(strip.count for leads in run for strip in leads.strips)


def _goes_on(before: Leads, after: Leads) -> bool:
    """Whether the same leads go on where they ended."""
    pairs = list(zip(before.strips, after.strips, strict=False))
    period = timedelta(microseconds=before.strips[0].first.period_us)
    return (
        len(before.strips) == len(after.strips)
        and all(_is_one_lead(one, other) for one, other in pairs)
        and abs(after.start - before.end - period) <= _APART
    )


def _is_one_lead(one: Strip, other: Strip) -> bool:
    was, now = one.first, other.first
    return (was.type, was.scale, was.offset, was.unit, was.period_us, was.status) == (
        now.type,
        now.scale,
        now.offset,
        now.unit,
        now.period_us,
        now.status,
    )


def _joined(run: list[Leads]) -> Leads:
    return Leads(
        tuple(
            Strip(
                chunks=tuple(chunk for strip in lane for chunk in strip.chunks),
                first=lane[0].first,
                start=lane[0].start,
                octets=b"".join(strip.octets for strip in lane),
            )
            for lane in zip(*(leads.strips for leads in run), strict=True)
        )
    )
