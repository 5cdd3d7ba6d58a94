"""The shared model to row values and back; nothing is rounded on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from cloud.core.observations.tables import Measured, ObservationRow, WaveformRow
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    MeasurementStatus,
    NumericObservation,
    Observation,
    SampleArrayObservation,
    TextObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality

Values = dict[str, Any]

_NOTHING: Final[Values] = dict.fromkeys(
    ("unit_term", "value", "special", "components", "code_cf", "bits", "width", "text")
)


def shared_values(observation: Observation) -> Values:
    """The columns every observation has."""
    device_time = observation.observed_at.device_time
    return {
        "observation_id": observation.observation_id,
        "type_cf": observation.type.cf_code,
        "status": observation.status.value,
        "supplements": [code.cf_code for code in observation.supplements],
        "observed_at": observation.observed_at.at,
        "time_quality": observation.observed_at.quality.value,
        "device_time_kind": device_time.kind if device_time else None,
        "device_time": device_time.value if device_time else None,
    }


def waveform_values(observation: SampleArrayObservation) -> Values:
    """The columns of a waveform row."""
    return shared_values(observation) | {
        "unit_term": observation.unit.term,
        "samples": observation.samples,
        "sample_count": observation.count,
        "scale": observation.scale,
        "sample_offset": observation.offset,
        "period_us": observation.period_us,
        "report_sequence": observation.sequence,
    }


def observation_values(observation: Observation) -> Values:
    """The columns of a row of any other kind."""
    return shared_values(observation) | content_values(observation)


def content_values(observation: Observation) -> Values:
    """The columns of what was measured, `kind` among them."""
    return _NOTHING | _kind_values(observation)


def _kind_values(observation: Observation) -> Values:
    match observation:
        case NumericObservation(value=quantity):
            digits, special = _split(quantity)
            return {
                "kind": "numeric",
                "value": digits,
                "special": special,
                "unit_term": quantity.unit.term,
            }
        case CompoundNumericObservation(components=components):
            return {"kind": "compound", "components": [_component(*item) for item in components]}
        case CodedObservation(value=code):
            return {"kind": "coded", "code_cf": code.cf_code}
        case BitsObservation(bits=bits, width=width):
            return {"kind": "bits", "bits": bits, "width": width}
        case TextObservation(text=text):
            return {"kind": "text", "text": text}
        case _:
            raise AssertionError("waveforms have a table of their own")


def _split(quantity: Quantity) -> tuple[Decimal | None, str | None]:
    if isinstance(quantity.value, SpecialValue):
        return None, quantity.value.value
    return quantity.value, None


def _component(code: MdcCode, quantity: Quantity) -> list[Any]:
    digits, special = _split(quantity)
    return [
        code.cf_code,
        quantity.unit.term,
        None if digits is None else str(digits),
        special,
    ]


def to_observation(row: Measured, device: SystemId) -> Observation:
    """The observation a row holds."""
    shared = _shared(row, device)
    if isinstance(row, WaveformRow):
        return SampleArrayObservation(
            **shared,
            samples=row.samples,
            scale=row.scale,
            offset=row.offset,
            period_us=row.period_us,
            unit=UnitCode(row.unit_term or 0),
            sequence=row.report_sequence,
        )
    if isinstance(row, ObservationRow):
        return _to_plain(row, shared)
    raise AssertionError("an observation is in one of the two tables")


def _shared(row: Measured, device: SystemId) -> Values:
    kind, value = row.device_time_kind, row.device_time
    return {
        "observation_id": row.observation_id,
        "type": MdcCode.from_cf_code(row.type_cf),
        "observed_at": ObservedTime(
            row.observed_at,
            TimeQuality(row.time_quality),
            DeviceTime(kind, value) if kind is not None and value is not None else None,
        ),
        "device": device,
        "status": MeasurementStatus(row.status),
        "supplements": tuple(MdcCode.from_cf_code(code) for code in row.supplements),
    }


def _to_plain(row: ObservationRow, shared: Values) -> Observation:
    match row.kind:
        case "numeric":
            return NumericObservation(
                **shared, value=quantity_of(row.unit_term, row.value, row.special)
            )
        case "compound":
            return CompoundNumericObservation(
                **shared,
                components=tuple(
                    (
                        MdcCode.from_cf_code(code),
                        quantity_of(unit, None if digits is None else Decimal(digits), special),
                    )
                    for code, unit, digits, special in row.components or []
                ),
            )
        case "coded":
            return CodedObservation(**shared, value=MdcCode.from_cf_code(row.code_cf or 0))
        case "bits":
            return BitsObservation(**shared, bits=row.bits or 0, width=row.width or 0)
        case _:
            return TextObservation(**shared, text=row.text or "")


def quantity_of(unit_term: int | None, value: Decimal | None, special: str | None) -> Quantity:
    """The number or special value of a row in its unit."""
    number = SpecialValue(special) if value is None else value
    return Quantity(number, UnitCode(unit_term or 0))
