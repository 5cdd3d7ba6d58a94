"""The ledger as a table a person can read, and as an object a program can."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from simulators.incident.ledger import Delays, DeviceLedger, Ledger, percentile

_HEAD: Final = (
    ("device", "", "", "", "", "", "live", "live", "live", "live", "gap"),
    (
        "",
        "made",
        "confirmed",
        "stored",
        "in bundle",
        "duplicates",
        "made",
        "stored",
        "in bundle",
        "missing",
        "shown",
    ),
)


def table(ledger: Ledger) -> list[str]:
    """The lines of the table: readings that must arrive on the left, live samples on the right."""
    rows: list[Sequence[str]] = [*_HEAD]
    rows.extend(_cells(device) for device in ledger.devices)
    rows.append(_cells(_total(ledger.devices)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD[0]))]
    lines = [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    rule = "-" * max(len(line) for line in lines)
    return [*lines[:2], rule, *lines[2:-1], rule, lines[-1]]


def delay_lines(delays: Delays) -> list[str]:
    """How long readings took, median and 99th percentile."""
    return [
        f"{name:<42} p50 {_milliseconds(values, 0.5)}   p99 {_milliseconds(values, 0.99)}"
        for name, values in (
            ("made -> confirmed to the device (durable)", delays.to_confirm),
            ("made -> row in the cloud", delays.to_cloud),
        )
    ]


def as_object(ledger: Ledger) -> dict[str, object]:
    """The ledger for a program."""
    return {
        "reconciles": ledger.reconciles,
        "devices": [
            {
                "device": line.name,
                "made": line.made,
                "confirmed": line.confirmed,
                "stored": line.stored,
                "in_bundle": line.bundled,
                "duplicates": line.duplicates,
                "live_samples_made": line.live_made,
                "live_samples_stored": line.live_stored,
                "live_samples_in_bundle": line.live_bundled,
                "live_samples_missing": line.live_missing,
                "gap_samples_shown": line.gap_samples,
                "differences": line.differences,
            }
            for line in ledger.devices
        ],
        "delay_seconds": {
            name: {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99)}
            for name, values in (
                ("made_to_confirmed", ledger.delays.to_confirm),
                ("made_to_cloud_row", ledger.delays.to_cloud),
            )
        },
    }


def _cells(line: DeviceLedger) -> tuple[str, ...]:
    numbers = (
        line.made,
        line.confirmed,
        line.stored,
        line.bundled,
        line.duplicates,
        line.live_made,
        line.live_stored,
        line.live_bundled,
        line.live_missing,
        line.gap_samples,
    )
    return (line.name, *(f"{number:,}" for number in numbers))


def _total(lines: Sequence[DeviceLedger]) -> DeviceLedger:
    total = DeviceLedger("all")
    for line in lines:
        total.made += line.made
        total.confirmed += line.confirmed
        total.stored += line.stored
        total.bundled += line.bundled
        total.duplicates += line.duplicates
        total.live_made += line.live_made
        total.live_stored += line.live_stored
        total.live_bundled += line.live_bundled
        total.gap_samples += line.gap_samples
    return total


def _milliseconds(values: Sequence[float], part: float) -> str:
    value = percentile(values, part)
    return "     --" if value is None else f"{value * 1000:7.1f} ms"
