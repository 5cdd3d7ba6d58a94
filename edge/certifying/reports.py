"""A run's outcome for people and programs: text and JSON of the same findings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from edge.certifying.checks import GROUPS, Verdict
from edge.certifying.findings import Finding, Record

_WORDS: Final = {Verdict.PASS: "pass", Verdict.FAIL: "FAIL", Verdict.NOT_TRIED: "-"}


def heading(record: Record) -> str:
    """Who was examined, as the device says itself."""
    name = " ".join(part for part in (record.device.manufacturer, record.device.model) if part)
    return name or "a device without a name"


def facts(record: Record) -> tuple[tuple[str, str], ...]:
    """What was examined, when and by what, as label and text; only what is known."""
    device = record.device
    config_id = "" if device.config_id is None else f"0x{device.config_id:04X}"
    rows = (
        ("System-Id", device.system_id or "unknown"),
        ("Serial number", device.serial_number),
        ("Firmware", device.firmware),
        ("Configuration", config_id),
        ("Objects", ", ".join(f"{handle} {name}" for handle, name in device.objects)),
        ("Examined", "" if record.began is None else f"{record.began:%Y-%m-%d %H:%M:%S} UTC"),
        ("By", record.program),
        ("Interrupted", "before its end; the rest was not tried" if record.interrupted else ""),
    )
    return tuple((label, text) for label, text in rows if text)


def summary(record: Record) -> str:
    """The counts in a sentence."""
    counts = record.counts()
    return (
        f"{counts[Verdict.PASS]} passed, {counts[Verdict.FAIL]} failed, "
        f"{counts[Verdict.NOT_TRIED]} not tried"
    )


def as_text(record: Record) -> Iterator[str]:
    """Lines for a terminal: a group a block, the octets under what failed."""
    yield heading(record)
    for label, text in facts(record):
        yield f"  {label}: {text}"
    for group in GROUPS:
        yield ""
        yield group
        for finding in record.findings():
            if finding.check.group == group:
                yield from _finding_lines(record, finding)
    yield ""
    yield summary(record)


def _finding_lines(record: Record, finding: Finding) -> Iterator[str]:
    check = finding.check
    detail = finding.detail if finding.verdict is not Verdict.PASS else ""
    yield f"  {_WORDS[finding.verdict]:<5} {check.id:<9} {check.title}"
    if detail:
        yield f"        {detail}"
    if finding.verdict is Verdict.FAIL:
        yield f"        [{check.clause}]"
        for position in finding.evidence:
            message = record.messages[position]
            yield f"        {message.direction} {message.octets.hex()}"


def as_json(record: Record) -> str:
    """One JSON object: device, counts, checks with the positions of their messages, messages."""
    document = {
        "device": {
            "system_id": record.device.system_id,
            "manufacturer": record.device.manufacturer,
            "model": record.device.model,
            "serial_number": record.device.serial_number,
            "firmware": record.device.firmware,
            "config_id": record.device.config_id,
            "objects": [{"handle": handle, "name": name} for handle, name in record.device.objects],
        },
        "began": None if record.began is None else record.began.isoformat(),
        "program": record.program,
        "interrupted": record.interrupted,
        "counts": {verdict.value: record.counts()[verdict] for verdict in Verdict},
        "checks": [
            {
                "id": finding.check.id,
                "group": finding.check.group,
                "title": finding.check.title,
                "clause": finding.check.clause,
                "verdict": finding.verdict.value,
                "detail": finding.detail if finding.verdict is not Verdict.PASS else "",
                "evidence": list(finding.evidence),
            }
            for finding in record.findings()
        ],
        "messages": [
            {
                "t": None if message.seconds is None else round(message.seconds, 6),
                "dir": message.direction,
                "hex": message.octets.hex(),
            }
            for message in record.messages
        ],
    }
    return json.dumps(document, indent=1)
