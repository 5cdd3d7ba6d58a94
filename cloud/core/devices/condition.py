"""What a device tells of itself among its readings: how full its battery is, its calibration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

import numpy as np

from cloud.core.devices.tables import DeviceRow
from protocols.model.codes import SystemId
from protocols.model.observation import NumericObservation
from protocols.uplink.messages import UplinkBatch

BATTERY: Final = 67996  # MDC_ATTR_VAL_BATT_CHARGE
CALIBRATION: Final = 8418036  # MDC_CGM_SENSOR_CALIBRATION
TOLD: Final = frozenset({BATTERY, CALIBRATION})
BY_DEVICE: Final = "device"
_FULL: Final = Decimal(100)


def note_condition(devices: Mapping[SystemId, DeviceRow], batch: UplinkBatch) -> None:
    """Keep the newest of what the readings of a batch tell of their devices."""
    for reading, captured_at in _told(batch):
        device = devices.get(reading.device)
        if device is None:
            continue
        # A clock that runs ahead would hold on to its word for ever.
        at = min(reading.observed_at.at, captured_at)
        if reading.type.cf_code == BATTERY:
            _note_battery(device, reading.value.number, at)
        elif device.calibrated_at is None or device.calibrated_at < at:
            device.calibrated_at, device.calibration_source = at, BY_DEVICE
            device.calibration_due_at = None


def _note_battery(device: DeviceRow, level: Decimal | None, at: datetime) -> None:
    if level is None or not 0 <= level <= _FULL:
        return
    if device.battery_at is None or device.battery_at <= at:
        device.battery_pct, device.battery_at = int(level), at


def _told(batch: UplinkBatch) -> Iterator[tuple[NumericObservation, datetime]]:
    for row in batch.rows:
        content = row.content
        if isinstance(content, NumericObservation) and content.type.cf_code in TOLD:
            yield content, row.captured_at
    readings = batch.readings
    series = [number for number, one in enumerate(readings.series) if one.type.cf_code in TOLD]
    if not series:
        return
    for place in np.flatnonzero(np.isin(readings.series_of, series)).tolist():
        found = readings.observation(place)
        if isinstance(found, NumericObservation):
            yield found, readings.times(place).captured_at
