"""Rows to the models of the wire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, cast

import numpy as np

from cloud.api.epcr.device_models import (
    CalibrationModel,
    ComponentModel,
    DeviceModel,
    DeviceStatus,
    ObservationModel,
    WaveformModel,
)
from cloud.core.devices.care import is_overdue
from cloud.core.devices.tables import DeviceRow
from cloud.core.observations.tables import ObservationRow, WaveformRow
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature.lookup import find, ucum

_ERRORS = MeasurementStatus.INVALID | MeasurementStatus.NOT_AVAILABLE
_EARLY = MeasurementStatus.EARLY_INDICATION | MeasurementStatus.ONGOING


def code_name(cf_code: int) -> str:
    """The reference id of a code, or its number when the nomenclature has none."""
    term = find(MdcCode.from_cf_code(cf_code))
    return term.reference_id if term is not None and term.reference_id else str(cf_code)


def unit_name(term: int | None) -> str:
    """The UCUM code of a unit, or its number when none is known."""
    unit = UnitCode(term or 0)
    return ucum(unit) or str(unit.cf_code)


def device_model(row: DeviceRow, now: datetime) -> DeviceModel:
    """A device as the list shows it `now`."""
    return DeviceModel(
        id=row.device_id,
        serial_number=row.serial_number,
        device_class=row.device_class,
        status=cast("DeviceStatus", row.status),
        manufacturer=row.manufacturer,
        model=row.model,
        firmware=row.firmware,
        system_id=None if row.system_id is None else str(SystemId.parse(row.system_id)),
        vehicle_id=row.vehicle_id,
        vehicle_since=row.vehicle_since,
        heard_in=row.heard_in,
        gateway_id=row.gateway_id,
        hardware=row.hardware,
        software=row.software,
        enrolled_at=row.enrolled_at,
        last_seen_at=row.last_seen_at,
        status_at=row.status_at,
        status_reason=row.status_reason or None,
        battery_pct=row.battery_pct,
        battery_at=row.battery_at,
        calibration=_calibration(row, now),
    )


def _calibration(row: DeviceRow, now: datetime) -> CalibrationModel | None:
    if row.calibrated_at is None:
        return None
    return CalibrationModel(
        last_at=row.calibrated_at,
        due_at=row.calibration_due_at,
        is_overdue=is_overdue(row, now),
        source=cast("Any", row.calibration_source),
    )


def observation_model(
    row: ObservationRow | WaveformRow, *, with_samples: bool = False
) -> ObservationModel:
    """An observation with exact digits; a waveform's samples only where they are asked for."""
    if isinstance(row, WaveformRow):
        return _waveform_model(row, with_samples=with_samples)
    return _plain_model(row)


def _plain_model(row: ObservationRow) -> ObservationModel:
    return ObservationModel(
        id=f"obs_{row.observation_id.hex}",
        device_id=row.device_id,
        mdc_code=code_name(row.type_cf),
        mdc_number=row.type_cf,
        kind=cast("Any", row.kind),
        value=row.value,
        special=row.special,
        unit_code=None if row.unit_term is None else unit_name(row.unit_term),
        components=_components(row),
        value_code=None if row.code_cf is None else code_name(row.code_cf),
        bits=row.bits,
        text=row.text,
        encounter_id=row.encounter_id,
        observed_at=row.observed_at,
        captured_at=row.captured_at,
        received_at=row.received_at,
        status=_status(MeasurementStatus(row.status)),
        flags=list(row.flags),
        octets=row.octets,
    )


def _waveform_model(row: WaveformRow, *, with_samples: bool) -> ObservationModel:
    return ObservationModel(
        id=f"obs_{row.observation_id.hex}",
        device_id=row.device_id,
        mdc_code=code_name(row.type_cf),
        mdc_number=row.type_cf,
        kind="waveform",
        unit_code=unit_name(row.unit_term),
        waveform=WaveformModel(
            sample_count=row.sample_count,
            period_us=row.period_us,
            scale=row.scale,
            offset=row.offset,
            samples=np.frombuffer(row.samples, "<i4").tolist() if with_samples else None,
        ),
        encounter_id=row.encounter_id,
        observed_at=row.observed_at,
        captured_at=row.captured_at,
        received_at=row.received_at,
        status=_status(MeasurementStatus(row.status)),
        flags=list(row.flags),
        octets=row.octets,
    )


def _components(row: ObservationRow) -> list[ComponentModel] | None:
    if row.components is None:
        return None
    return [
        ComponentModel.model_construct(
            mdc_code=code_name(code),
            value=None if digits is None else Decimal(digits),
            special=special,
            unit_code=unit_name(unit),
        )
        for code, unit, digits, special in row.components
    ]


def _status(status: MeasurementStatus) -> Literal["final", "preliminary", "error"]:
    if status & _ERRORS:
        return "error"
    return "preliminary" if status & _EARLY else "final"
