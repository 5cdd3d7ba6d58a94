"""What a caller says was measured, held against the nomenclature and the rules of values.

Its sender can correct it, so what is wrong is refused here. A gateway's readings are never.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from sys import byteorder
from typing import Final
from uuid import UUID, uuid4, uuid5

from cloud.core.devices.identity import system_id_of
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.errors import InvalidError
from cloud.core.observations.panels import is_sensible, parts_of
from cloud.core.observations.plausibility import (
    allowed_units,
    canonical_ucum,
    judge,
    suggested_ucum,
)
from cloud.core.observations.recording import UnstorableError, check_storable
from protocols.model.codes import MdcCode, UnitCode
from protocols.model.identifiers import NAMESPACE
from protocols.model.observation import (
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity
from protocols.model.timestamps import ObservedTime, TimeQuality
from protocols.nomenclature.lookup import find, find_by_name, unit_from_ucum

AHEAD: Final = timedelta(minutes=5)
STATUSES: Final = {
    "final": MeasurementStatus.VALID,
    "preliminary": MeasurementStatus.EARLY_INDICATION,
    "error": MeasurementStatus.INVALID,
}
Checked = NumericObservation | CompoundNumericObservation | SampleArrayObservation


@dataclass(frozen=True, slots=True, kw_only=True)
class NewValue:
    """One measured value as a caller writes it."""

    mdc_code: str
    value: Decimal
    unit_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWaveform:
    """Samples of 32 bits, `period_us` apart: the value is sample x scale + offset."""

    samples: Sequence[int]
    scale: Decimal
    offset: Decimal
    period_us: int
    unit_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReading:
    """One reading: a value, a code with components, or a waveform that starts at `observed_at`."""

    mdc_code: str
    single: NewValue | None = None
    components: Sequence[NewValue] = ()
    waveform: NewWaveform | None = None
    encounter_id: str | None = None
    observed_at: datetime | None = None
    sequence: int | None = None
    status: str = "final"


def parse_mdc_code(text: str) -> MdcCode:
    """A reference id (`MDC_...`) or a 32-bit number; InvalidError `unknown_mdc_code` otherwise."""
    term = find_by_name(text)
    if term is None:
        raise _unknown_code()
    return term.code


def check_reading(device: DeviceRow, reading: NewReading, now: datetime) -> Checked:
    """The observation a reading is; InvalidError for codes, units, times and values that are not.

    A reading without a time was taken `now`.
    """
    observed_at = reading.observed_at or now
    wave = reading.waveform
    lasts = timedelta(microseconds=wave.period_us * len(wave.samples)) if wave else timedelta()
    if observed_at + lasts > now + AHEAD:
        raise InvalidError("observed_at_ahead", "Send a time that is not in the future.")
    observation = _observation(device, reading, observed_at)
    try:
        check_storable(observation)
    except UnstorableError as exc:
        raise InvalidError(exc.reason, "Send a value and times that can be kept exactly.") from exc
    return observation


def _observation(device: DeviceRow, reading: NewReading, observed_at: datetime) -> Checked:
    code = parse_mdc_code(reading.mdc_code)
    if reading.waveform is not None:
        return _samples(device, reading, code, reading.waveform, observed_at)
    components = tuple(_quantity(item) for item in reading.components)
    if components:
        _check_components(code, components, has_value=reading.single is not None)
    single = None if reading.single is None else _quantity(reading.single)[1]
    observation = NumericObservation(
        observation_id=_identity(device, reading, code),
        type=code,
        observed_at=ObservedTime(observed_at, TimeQuality.RECEIVED),
        device=system_id_of(device),
        status=STATUSES[reading.status],
        value=single or components[0][1],
    )
    if not components:
        return observation
    return CompoundNumericObservation(
        observation_id=observation.observation_id,
        type=code,
        observed_at=observation.observed_at,
        device=observation.device,
        status=observation.status,
        components=components,
    )


def _samples(
    device: DeviceRow,
    reading: NewReading,
    code: MdcCode,
    wave: NewWaveform,
    observed_at: datetime,
) -> SampleArrayObservation:
    if not wave.scale:
        raise InvalidError("invalid_scale", "Send a scale that is not zero.")
    samples = array("i", wave.samples)
    if byteorder == "big":
        samples.byteswap()
    return SampleArrayObservation(
        observation_id=_identity(device, reading, code),
        type=code,
        observed_at=ObservedTime(observed_at, TimeQuality.RECEIVED),
        device=system_id_of(device),
        status=STATUSES[reading.status],
        samples=samples.tobytes(),
        scale=wave.scale,
        offset=wave.offset,
        period_us=wave.period_us,
        unit=_unit(code, wave.unit_code),
    )


def _check_components(
    code: MdcCode, components: Sequence[tuple[MdcCode, Quantity]], *, has_value: bool
) -> None:
    allowed = [_name(part) for part in parts_of(code)]
    if not allowed:
        raise InvalidError(
            "invalid_components", "Send each value of this code as an observation of its own."
        )
    if has_value or not is_sensible(code, [part for part, _ in components]):
        raise InvalidError(
            "invalid_components",
            "Send the components of this panel only, each at most once, and no value beside them.",
            details={"allowed": allowed},
        )


def _name(code: MdcCode) -> str:
    term = find(code)
    return term.reference_id if term is not None else str(code.cf_code)


def _identity(device: DeviceRow, reading: NewReading, code: MdcCode) -> UUID:
    if reading.sequence is not None:
        return uuid5(NAMESPACE, f"api|{device.device_id}|sequence={reading.sequence}")
    if reading.observed_at is None:
        return uuid4()
    values = [reading.single] if reading.single else []
    content = ";".join(
        f"{item.mdc_code}={item.value} {item.unit_code}" for item in [*values, *reading.components]
    )
    if reading.waveform is not None:
        wave = reading.waveform
        content = f"{wave.scale} {wave.offset} {wave.period_us} {wave.unit_code} {wave.samples}"
    return uuid5(
        NAMESPACE, f"api|{device.device_id}|{code}|{reading.observed_at.timestamp()}|{content}"
    )


def _quantity(item: NewValue) -> tuple[MdcCode, Quantity]:
    code = parse_mdc_code(item.mdc_code)
    return code, Quantity(item.value, _unit(code, item.unit_code))


def _unit(code: MdcCode, text: str) -> UnitCode:
    unit = unit_from_ucum(canonical_ucum(text))
    if unit is None or not judge(code, None, unit).unit_fits:
        allowed = allowed_units(code)
        details: dict[str, object] = {"allowed": list(allowed)}
        meant = suggested_ucum(text)
        if allowed and meant not in allowed:
            meant = None
        if meant is not None:
            details["did_you_mean"] = meant
        raise InvalidError(
            "unit_mismatch",
            "Send the unit as one of the UCUM codes this measurement takes"
            + (f", here {meant}." if meant else "."),
            details=details,
        )
    return unit


def _unknown_code() -> InvalidError:
    return InvalidError(
        "unknown_mdc_code", "Send a reference id MDC_... or a 32-bit code of ISO/IEEE 11073-10101."
    )
