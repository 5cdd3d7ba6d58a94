"""Between the shared model and the wire records, one function a direction."""

from __future__ import annotations

import struct
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from protocols.errors import DecodeError
from protocols.model import observation as obs
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.crew import AttachmentPart, CrewEvent
from protocols.model.device import DeviceInfo
from protocols.model.identifiers import Naming
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, ObservedTime, TimeQuality
from protocols.uplink import records as rec
from protocols.uplink.messages import Content
from protocols.uplink.readings import SPECIALS, Common

_SHORT_OCTETS: Final = 2
_UNNAMED: Final = (DeviceInfo, CrewEvent, AttachmentPart)
"""All that is no observation; a union would be made anew for everything captured."""
_SIGNS: Final = bytes(128) + b"\xff" * 128
"""What extends a number of two octets to four, by its higher octet."""
SAMPLE_WIDTHS: Final = frozenset({_SHORT_OCTETS, obs.SAMPLE_OCTETS})
"""Octets a sample may take on the wire."""


def naming_of(content: Content) -> Naming | None:
    """What the id of an observation was named by, where that is known and no device's time."""
    return None if isinstance(content, _UNNAMED) else content.named_by


def to_content(content: Content) -> rec.ContentRecord:
    """The wire record of whatever a row can hold."""
    match content:
        case obs.NumericObservation():
            return rec.NumericRecord(_to_common(content), _to_quantity(content.value))
        case obs.CompoundNumericObservation():
            parts = tuple((code.cf_code, _to_quantity(part)) for code, part in content.components)
            return rec.CompoundRecord(_to_common(content), parts)
        case obs.SampleArrayObservation():
            return _to_samples(content)
        case obs.CodedObservation():
            return rec.CodedRecord(_to_common(content), content.value.cf_code)
        case obs.BitsObservation():
            return rec.BitsRecord(_to_common(content), content.bits, content.width)
        case obs.TextObservation():
            return rec.TextRecord(_to_common(content), content.text)
        case CrewEvent():
            return _to_crew_event(content)
        case AttachmentPart(attachment_id=whole, part=part, parts=parts, octets=octets):
            return rec.AttachmentPartRecord(whole, part, parts, octets)
        case _:
            return _to_device(content)


class _All(Common):
    named_by: Naming | None


def from_content(record: rec.ContentRecord, named_by: Naming | None = None) -> Content:
    """What a wire record holds; ProtocolError for impossible values.

    `named_by` is what is kept beside it of how the id of an observation came about.
    """
    match record:
        case rec.NumericRecord():
            return obs.NumericObservation(
                value=_from_quantity(record.value), **_from_common(record.common, named_by)
            )
        case rec.CompoundRecord():
            parts = tuple(
                (MdcCode.from_cf_code(c), _from_quantity(q)) for c, q in record.components
            )
            return obs.CompoundNumericObservation(
                components=parts, **_from_common(record.common, named_by)
            )
        case rec.SamplesRecord():
            return _from_samples(record, named_by)
        case rec.CodedRecord():
            return obs.CodedObservation(
                value=MdcCode.from_cf_code(record.value), **_from_common(record.common, named_by)
            )
        case rec.BitsRecord():
            return obs.BitsObservation(
                bits=record.bits, width=record.width, **_from_common(record.common, named_by)
            )
        case rec.TextRecord():
            return obs.TextObservation(text=record.text, **_from_common(record.common, named_by))
        case rec.CrewEventRecord():
            return _from_crew_event(record)
        case rec.AttachmentPartRecord(whole, part, parts, octets):
            return AttachmentPart(attachment_id=whole, part=part, parts=parts, octets=octets)
        case _:
            return _from_device(record)


def _to_common(item: obs.Observation) -> rec.CommonRecord:
    observed_at, supplements = item.observed_at, item.supplements
    stamp = observed_at.device_time
    # `_value_` is what `value` gives, without the call: this is done for everything captured.
    quality: str = observed_at.quality._value_
    status: int = item.status._value_
    return rec.CommonRecord(
        item.observation_id,
        item.type.cf_code,
        rec.TimeRecord(observed_at.at, quality)
        if stamp is None
        else rec.TimeRecord(observed_at.at, quality, stamp.kind, stamp.value),
        item.device.octets,
        status,
        tuple(code.cf_code for code in supplements) if supplements else (),
    )


# A vehicle's rows name the same few codes, devices and values over and over.
_MOST_NAMES: Final = 1024
_MOST_VALUES: Final = 4096
_status = lru_cache(maxsize=_MOST_NAMES)(obs.MeasurementStatus)
_code = lru_cache(maxsize=_MOST_NAMES)(MdcCode.from_cf_code)
_device = lru_cache(maxsize=_MOST_NAMES)(SystemId)


def _from_common(record: rec.CommonRecord, named_by: Naming | None) -> _All:
    time = record.time
    kind = time.device_kind
    stamp = DeviceTime.parse(kind, time.device_value) if kind else None
    try:
        status, quality = _status(record.status), TimeQuality(time.quality)
    except ValueError as exc:
        raise DecodeError(f"uplink record: {exc}") from exc
    return {
        "observation_id": record.observation_id,
        "type": _code(record.type_cf),
        "observed_at": ObservedTime(time.at, quality, stamp),
        "device": _device(record.device),
        "status": status,
        "supplements": tuple(map(_code, record.supplements)),
        "named_by": named_by,
    }


def _to_quantity(quantity: Quantity) -> rec.QuantityRecord:
    value = quantity.value
    text = value.value if isinstance(value, SpecialValue) else str(value)
    return rec.QuantityRecord(text, quantity.unit.term)


def _from_quantity(record: rec.QuantityRecord) -> Quantity:
    return _quantity(record.value, record.unit)


@lru_cache(maxsize=_MOST_VALUES)
def _quantity(text: str, unit: int) -> Quantity:
    special = SPECIALS.get(text)
    return Quantity(special or decimal_of(text), UnitCode(unit))


def decimal_of(text: str) -> Decimal:
    """A finite decimal with exactly the digits of `text`; DecodeError for anything else."""
    try:
        value = Decimal(text)
    except InvalidOperation as exc:
        raise DecodeError("uplink record: not a decimal number") from exc
    if not value.is_finite():
        raise DecodeError("uplink record: not a finite number")
    return value


def _to_samples(item: obs.SampleArrayObservation) -> rec.SamplesRecord:
    packed = shortened(item.samples)
    return rec.SamplesRecord(
        _to_common(item),
        item.samples if packed is None else packed,
        obs.SAMPLE_OCTETS if packed is None else _SHORT_OCTETS,
        str(item.scale),
        str(item.offset),
        item.period_us,
        item.unit.term,
        item.sequence,
    )


@lru_cache(maxsize=64)  # asked for a row, and again for the crew's page a moment later
def shortened(samples: bytes) -> bytes | None:
    """Samples of four octets as two octets each; None when one of them does not fit."""
    high = samples[1::4]
    # Octets are moved, no number is made: this is done for every waveform, more than once.
    if not high.translate(_SIGNS) == samples[2::4] == samples[3::4]:
        return None
    short = bytearray(len(samples) // 2)
    short[::2], short[1::2] = samples[::4], high
    return bytes(short)


def _from_samples(record: rec.SamplesRecord, named_by: Naming | None) -> obs.SampleArrayObservation:
    if record.width not in SAMPLE_WIDTHS or len(record.samples) % record.width:
        raise DecodeError("uplink record: samples are not whole")
    samples = record.samples
    if record.width == _SHORT_OCTETS:
        count = len(samples) // _SHORT_OCTETS
        samples = struct.pack(f"<{count}i", *struct.unpack(f"<{count}h", samples))
    return obs.SampleArrayObservation(
        samples=samples,
        scale=decimal_of(record.scale),
        offset=decimal_of(record.offset),
        period_us=record.period_us,
        unit=UnitCode(record.unit),
        sequence=record.sequence,
        **_from_common(record.common, named_by),
    )


def _to_device(info: DeviceInfo) -> rec.DeviceRecord:
    return rec.DeviceRecord(
        info.system_id.octets,
        info.manufacturer,
        info.model,
        info.serial_number,
        info.firmware,
        info.hardware,
        info.software,
        tuple((code.cf_code, version) for code, version in info.specializations),
    )


def _from_device(record: rec.DeviceRecord) -> DeviceInfo:
    return DeviceInfo(
        system_id=SystemId(record.system_id),
        manufacturer=record.manufacturer,
        model=record.model,
        serial_number=record.serial_number,
        firmware=record.firmware,
        hardware=record.hardware,
        software=record.software,
        specializations=tuple(
            (MdcCode.from_cf_code(code), version) for code, version in record.specializations
        ),
    )


def _to_crew_event(event: CrewEvent) -> rec.CrewEventRecord:
    return rec.CrewEventRecord(
        event.event_id,
        event.kind,
        event.at,
        event.by,
        event.vehicle_id,
        event.text,
        event.details,
        event.undoes,
        event.encounter,
    )


def _from_crew_event(record: rec.CrewEventRecord) -> CrewEvent:
    return CrewEvent(
        event_id=record.event_id,
        kind=record.kind,
        at=record.at,
        by=record.by,
        vehicle_id=record.vehicle_id,
        text=record.text,
        details=record.details,
        undoes=record.undoes,
        encounter=record.encounter,
    )
