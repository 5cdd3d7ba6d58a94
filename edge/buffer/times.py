"""Times stamped while nobody knew whether the gateway's clock was right, made right later.

All stamps of one boot epoch stand on one line that never steps (see `edge.clock`), so one number
moves them all. What a device knew by itself is not the gateway's to move.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Final

from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.observation import Observation
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.uplink.codec import decode_row, encode_row
from protocols.uplink.messages import UplinkRow

_ZONE_STEP: Final = timedelta(minutes=15)


def corrected(row: UplinkRow, by: timedelta, *, is_estimate: bool = False) -> UplinkRow:
    """The row with its times moved; `is_estimate`: nobody will ever know them exactly."""
    if not by and not is_estimate:
        return row
    content = row.content
    match content:
        case DeviceInfo() | AttachmentPart():
            pass
        case CrewEvent():
            content = replace(content, at=content.at + by)
        case _:
            at = _moved(content.observed_at, by, is_estimate=is_estimate)
            content = replace(content, observed_at=at)
    return UplinkRow(
        sequence=row.sequence, captured_at=row.captured_at + by, content=content, octets=row.octets
    )


def corrected_body(body: bytes, by: timedelta, *, is_estimate: bool) -> bytes:
    """The same for a row as it is kept; DecodeError for octets that are no row."""
    return encode_row(corrected(decode_row(body), by, is_estimate=is_estimate))


def moved_with_clock(observation: Observation, by: timedelta) -> Observation:
    """A time mapped from the device's by a reading of both clocks, before ours was set by `by`."""
    at = observation.observed_at
    if at.quality is not TimeQuality.DEVICE or is_devices_own(at):
        return observation
    return replace(observation, observed_at=replace(at, at=at.at + by))


def is_devices_own(observed_at: ObservedTime) -> bool:
    """Whether the time is a synchronised device's, taken as it stood.

    One that was mapped by a coincident reading carries the gateway's microseconds; one that was
    taken over is some whole quarters of an hour, its zone, from what the device wrote.
    """
    stamp = observed_at.device_time
    local = None if stamp is None else stamp.local
    if local is None or observed_at.quality is not TimeQuality.DEVICE:
        return False
    return not (local.replace(tzinfo=UTC) - observed_at.at) % _ZONE_STEP


def _moved(observed_at: ObservedTime, by: timedelta, *, is_estimate: bool) -> ObservedTime:
    if is_devices_own(observed_at):
        return observed_at
    quality = TimeQuality.UNKNOWN if is_estimate else observed_at.quality
    return replace(observed_at, at=observed_at.at + by, quality=quality)
