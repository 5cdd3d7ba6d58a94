"""What a device's own observations tell of its condition: its battery, its clock.

Every driver gives its observations here once they are durable; nothing of it is asked for.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from edge.drivers.health import DeviceHealth
from protocols.model.codes import MdcCode
from protocols.model.observation import NumericObservation, Observation
from protocols.model.timestamps import ObservedTime, TimeQuality

log = logging.getLogger(__name__)

BATTERY_CHARGE: Final = MdcCode(1, 2460)
"""MDC_ATTR_VAL_BATT_CHARGE, in percent."""
_FULL: Final = 100
_ZONE_STEP: Final = timedelta(minutes=15)
_FURTHEST_ZONE: Final = timedelta(hours=14)


def note_condition(
    health: DeviceHealth,
    observations: Iterable[Observation],
    *,
    battery_low_percent: int,
    clock_tolerance_seconds: float,
) -> None:
    """Take from `observations` what they tell of the device itself."""
    fault: str | None = None
    looked_at: ObservedTime | None = None
    for observation in observations:
        if isinstance(observation, NumericObservation) and observation.type == BATTERY_CHARGE:
            _note_battery(health, observation, battery_low_percent)
        if observation.observed_at is looked_at:
            continue  # a report's readings share their time
        looked_at = observation.observed_at
        told = clock_fault_of(looked_at, clock_tolerance_seconds)
        fault = fault if told is None else told
    if fault is not None and fault != health.clock_fault:
        if fault and not health.clock_fault:
            log.warning("clock wrong device=%s reason=%r", health.name, fault)
        health.clock_fault = fault


def _note_battery(health: DeviceHealth, observation: NumericObservation, low_percent: int) -> None:
    level = observation.value.value
    if not isinstance(level, Decimal) or not 0 <= level <= _FULL:
        return
    was_low, health.battery_percent = health.is_battery_low, int(level)
    health.is_battery_low = health.battery_percent <= low_percent
    if health.is_battery_low and not was_low:
        log.warning("battery low device=%s", health.name)


def clock_fault_of(observed: ObservedTime, tolerance_seconds: float) -> str | None:
    """What is wrong with the clock that made this stamp, in words; empty: nothing.

    None where it tells nothing: no stamp, or a counter of ticks.
    """
    stamp = observed.device_time
    if stamp is None or stamp.local is None:
        return None
    if observed.quality is TimeQuality.UNKNOWN:
        return "the time of its stored readings cannot be known"
    if observed.quality is TimeQuality.RECEIVED:
        return "its times are of no use; those of reception are taken"
    ahead = _ahead(datetime.fromisoformat(stamp.value), observed.at)
    if abs(ahead.total_seconds()) <= tolerance_seconds:
        return ""
    return f"it is {_in_words(abs(ahead))} {'ahead' if ahead > timedelta(0) else 'behind'}"


def _ahead(shown: datetime, at: datetime) -> timedelta:
    """How far the shown time is ahead; a whole quarter of an hour is the zone of a local clock."""
    if shown.tzinfo is not None:
        return shown - at
    difference = shown.replace(tzinfo=UTC) - at
    zone = round(difference / _ZONE_STEP) * _ZONE_STEP
    return difference - zone if abs(zone) <= _FURTHEST_ZONE else difference


def _in_words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    for size, name in ((86_400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} s"
