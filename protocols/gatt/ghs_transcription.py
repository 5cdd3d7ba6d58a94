"""Observations of a Generic Health Sensor -> observations of the shared model.

Class and value kind decide; what has no home in the model (object ids, references, attributes
whose format is a structure) is said in a warning or left in the record. Status bits are those of
a public implementation (unconfirmed).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from protocols.gatt.elapsed_time import ElapsedTime, stamp_with
from protocols.gatt.fields import mirrored
from protocols.gatt.ghs_records import (
    Compound,
    CompoundDiscrete,
    CompoundState,
    Discrete,
    GhsBundle,
    GhsMessage,
    GhsObservation,
    Header,
    Numeric,
    SampleArray,
    SimpleValue,
    String,
    Tlv,
    Tlvs,
)
from protocols.gatt.transcriber import Draft
from protocols.mder.numbers import Number, float_from_raw, sfloat_from_raw
from protocols.model.codes import MdcCode
from protocols.model.observation import MeasurementStatus
from protocols.nomenclature import units

_STATUS: Final = {
    0: MeasurementStatus.INVALID,
    1: MeasurementStatus.QUESTIONABLE,
    2: MeasurementStatus.NOT_AVAILABLE,
    4: MeasurementStatus.CALIBRATION_ONGOING,
    5: MeasurementStatus.TEST_DATA,
    6: MeasurementStatus.EARLY_INDICATION,
}
_MICROSECONDS: Final = 1_000_000
_LONGEST_STATE: Final = 8
_SAMPLE_OCTETS: Final = (1, 2, 4)
_LARGEST_SAMPLE: Final = 0x7FFF_FFFF

_UNSIGNED: Final = {0x04: 1, 0x06: 2, 0x07: 3, 0x08: 4, 0x09: 6, 0x0A: 8}
_SIGNED: Final = {0x0C: 1, 0x0E: 2, 0x0F: 3, 0x10: 4}
_SFLOAT: Final = 0x16
_FLOAT: Final = 0x17
_UTF8: Final = 0x19
"""Format types of GATT (assigned numbers, characteristic presentation format)."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What goes with every value of one observation."""

    type: MdcCode
    supplements: tuple[MdcCode, ...]
    duration_us: int


def transcribe_message(message: GhsMessage, draft: Draft) -> None:
    """Put an observation or every member of a bundle into the draft."""
    if isinstance(message, GhsObservation):
        _transcribe(message, message.header, draft)
        return
    for member in message.members:
        _transcribe(member, _inherited(member.header, message), draft)


def _inherited(own: Header, bundle: GhsBundle) -> Header:
    """A member's header with what only the bundle says."""
    common = bundle.header
    return replace(
        own,
        type=own.type or common.type,
        time=own.time or common.time,
        duration=common.duration if own.duration is None else own.duration,
        status=common.status if own.status is None else own.status,
        patient=common.patient if own.patient is None else own.patient,
        supplements=(*common.supplements, *own.supplements),
        tlvs=(*common.tlvs, *own.tlvs),
    )


def _transcribe(observation: GhsObservation, header: Header, draft: Draft) -> None:
    _stamp(header.time, draft)
    draft.status = _status(header.status or 0)
    if header.patient:
        draft.warn(f"observations of person {header.patient} are taken as the patient's")
    for item in header.tlvs:
        draft.warn(f"an attribute {item.type} of an observation was not used")
    if observation.value is None:
        draft.warn(f"an observation of class {observation.observation_class} was not read")
        return
    if header.type is None:
        draft.warn("an observation without a type was not used")
        return
    facts = _Facts(header.type, header.supplements, _duration_us(header.duration))
    if isinstance(observation.value, Compound):
        _add_compound(observation.value, facts, draft)
    else:
        _add(observation.value, facts, draft)


def _stamp(time: ElapsedTime | None, draft: Draft) -> None:
    if time is None:
        draft.stamp(None)
        return
    if time.stamp is None:
        draft.warn("an observation with a date that does not exist")
    stamp_with(time, draft)


def _status(bits: int) -> MeasurementStatus:
    status = MeasurementStatus.VALID
    for bit, meaning in _STATUS.items():
        if bits >> bit & 1:
            status |= meaning
    return status


def _duration_us(duration: Number | None) -> int:
    return int(duration * _MICROSECONDS) if isinstance(duration, Decimal) and duration > 0 else 0


def _add_compound(compound: Compound, facts: _Facts, draft: Draft) -> None:
    """Numbers in one unit stay together; other parts become observations of their own."""
    numbers = [(code, part) for code, part in compound.parts if isinstance(part, Numeric)]
    if numbers and len(numbers) == len(compound.parts):
        measured = {part.unit for _, part in numbers}
        if len(measured) == 1:
            components = [(code, part.value) for code, part in numbers]
            draft.compound(facts.type, components, measured.pop(), supplements=facts.supplements)
            return
    for code, part in compound.parts:
        _add(part, replace(facts, type=code), draft)


def _add(value: SimpleValue, facts: _Facts, draft: Draft) -> None:
    supplements = facts.supplements
    match value:
        case Numeric():
            draft.number(
                facts.type,
                value.value,
                value.unit,
                supplements=supplements,
                duration_us=facts.duration_us,
            )
        case Discrete():
            draft.code(facts.type, value.code, supplements=supplements)
        case String():
            draft.text(facts.type, value.text, supplements=supplements)
        case SampleArray():
            _add_samples(value, facts, draft)
        case CompoundDiscrete():
            for code in value.codes:
                # One type and one moment: the code itself tells these observations apart.
                draft.code(facts.type, code, supplements=(*supplements, code))
        case CompoundState():
            _add_state(value, facts, draft)
        case _:
            _add_attributes(value, facts, draft)


def _add_state(value: CompoundState, facts: _Facts, draft: Draft) -> None:
    if not 0 < value.octets <= _LONGEST_STATE:
        draft.warn("a state of a length that is not used")
        return
    width = 8 * value.octets
    draft.bits(
        facts.type,
        mirrored(value.bits & value.supported, width),
        width,
        supplements=facts.supplements,
    )


def _add_samples(value: SampleArray, facts: _Facts, draft: Draft) -> None:
    scale, offset, period = value.scale, value.offset, value.period
    samples = tuple(_samples(value))
    usable = (
        value.octets_per_sample in _SAMPLE_OCTETS
        and value.per_period > 0
        and all(sample <= _LARGEST_SAMPLE for sample in samples)
    )
    if (
        not usable
        or not isinstance(scale, Decimal)
        or not isinstance(offset, Decimal)
        or not isinstance(period, Decimal)
        or period <= 0
    ):
        draft.warn("a waveform whose scale, period or size cannot be used")
        return
    draft.samples(
        facts.type,
        samples,
        value.unit,
        period_us=round(period * _MICROSECONDS / value.per_period),
        scale=scale,
        offset=offset,
    )


def _samples(value: SampleArray) -> Iterator[int]:
    size = value.octets_per_sample
    for start in range(0, len(value.samples), size or 1):
        yield int.from_bytes(value.samples[start : start + size], "little")


def _add_attributes(value: Tlvs, facts: _Facts, draft: Draft) -> None:
    """Attributes with a plain format are told under their own types."""
    for item in value.items:
        number = _number(item)
        if number is not None:
            draft.number(item.type, number, units.DIMENSIONLESS, supplements=facts.supplements)
        elif item.format == _UTF8:
            text = item.octets.decode("utf-8", errors="replace")
            draft.text(item.type, text, supplements=facts.supplements)
        else:
            draft.warn(f"an attribute {item.type} of a format that is not used")


def _number(item: Tlv) -> Number | None:
    form, octets = item.format, item.octets
    raw = int.from_bytes(octets, "little")
    if _UNSIGNED.get(form) == len(octets):
        return Decimal(raw)
    if _SIGNED.get(form) == len(octets):
        return Decimal(int.from_bytes(octets, "little", signed=True))
    if (form, len(octets)) == (_SFLOAT, 2):
        return sfloat_from_raw(raw)
    return float_from_raw(raw) if (form, len(octets)) == (_FLOAT, 4) else None
