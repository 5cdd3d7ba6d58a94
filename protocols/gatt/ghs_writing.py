"""Observations -> octets of a Generic Health Sensor: the mirror of `ghs_reading`."""

from __future__ import annotations

from protocols.errors import EncodeError
from protocols.gatt import ghs_reading as flags
from protocols.gatt.elapsed_time import write_elapsed_time
from protocols.gatt.fields import FieldWriter
from protocols.gatt.ghs_records import (
    CLASSES,
    Compound,
    CompoundDiscrete,
    CompoundState,
    Discrete,
    GhsBundle,
    GhsMessage,
    GhsObservation,
    Header,
    Numeric,
    ObservationClass,
    SampleArray,
    SimpleValue,
    String,
    Tlv,
)
from protocols.model.codes import MdcCode

_CLAUSE = flags.CLAUSE


def encode_observation(message: GhsMessage) -> bytes:
    """The octets of an observation or bundle, class before length.

    EncodeError when class and value do not belong together or a number does not fit.
    """
    body = FieldWriter(clause=_CLAUSE)
    _write_header(message.header, body)
    if isinstance(message, GhsBundle):
        body.u8(len(message.members))
        for member in message.members:
            body.put(encode_observation(member))
        return _framed(ObservationClass.BUNDLE, body)
    _write_body(message, body)
    return _framed(message.observation_class, body)


def encode_stored(record_number: int, message: GhsMessage) -> bytes:
    """The octets of a stored observation, its record number in front."""
    writer = FieldWriter(clause=_CLAUSE)
    writer.u32(record_number)
    writer.put(encode_observation(message))
    return writer.octets


def _framed(kind: int, body: FieldWriter) -> bytes:
    writer = FieldWriter(clause=_CLAUSE)
    writer.u8(kind)
    writer.u16(len(body.octets))
    writer.put(body.octets)
    return writer.octets


def _write_body(observation: GhsObservation, writer: FieldWriter) -> None:
    value = observation.value
    if value is None:
        writer.put(observation.unread)
        return
    if CLASSES[type(value)] != observation.observation_class:
        raise EncodeError(f"class {observation.observation_class} with another class's value")
    if isinstance(value, Compound):
        writer.u8(len(value.parts))
        for code, part in value.parts:
            _write_code(code, writer)
            writer.u8(CLASSES[type(part)])
            _write_value(part, writer)
    else:
        _write_value(value, writer)


def _write_header(header: Header, writer: FieldWriter) -> None:
    fields = {
        flags.TYPE: header.type is not None,
        flags.TIME: header.time is not None,
        flags.DURATION: header.duration is not None,
        flags.STATUS: header.status is not None,
        flags.OBJECT_ID: header.object_id is not None,
        flags.PATIENT: header.patient is not None,
        flags.SUPPLEMENTS: bool(header.supplements),
        flags.DERIVED_FROM: bool(header.derived_from),
        flags.HAS_MEMBER: bool(header.has_member),
        flags.TLVS: bool(header.tlvs),
    }
    writer.u16(sum(flag for flag, present in fields.items() if present))
    if header.type is not None:
        _write_code(header.type, writer)
    if header.time is not None:
        write_elapsed_time(header.time, writer)
    if header.duration is not None:
        writer.float32(header.duration)
    if header.status is not None:
        writer.u16(header.status)
    if header.object_id is not None:
        writer.u32(header.object_id)
    if header.patient is not None:
        writer.u8(header.patient)
    _write_lists(header, writer)


def _write_lists(header: Header, writer: FieldWriter) -> None:
    if header.supplements:
        _write_codes(header.supplements, writer)
    for references in (header.derived_from, header.has_member):
        if references:
            writer.u8(len(references))
            for reference in references:
                writer.u32(reference)
    if header.tlvs:
        _write_tlvs(header.tlvs, writer)


def _write_code(code: MdcCode, writer: FieldWriter) -> None:
    writer.u32(code.cf_code)


def _write_codes(codes: tuple[MdcCode, ...], writer: FieldWriter) -> None:
    writer.u8(len(codes))
    for code in codes:
        _write_code(code, writer)


def _write_tlvs(items: tuple[Tlv, ...], writer: FieldWriter) -> None:
    writer.u8(len(items))
    for item in items:
        _write_code(item.type, writer)
        writer.u16(len(item.octets))
        writer.u8(item.format)
        writer.put(item.octets)


def _write_value(value: SimpleValue, writer: FieldWriter) -> None:
    match value:
        case Numeric():
            writer.u16(value.unit.term)
            writer.float32(value.value)
        case Discrete():
            _write_code(value.code, writer)
        case String():
            text = FieldWriter(clause=_CLAUSE)
            text.text(value.text)
            writer.u16(len(text.octets))
            writer.put(text.octets)
        case SampleArray():
            _write_samples(value, writer)
        case CompoundDiscrete():
            _write_codes(value.codes, writer)
        case CompoundState():
            writer.u8(value.octets)
            for bits in (value.supported, value.states, value.bits):
                writer.unsigned(bits, value.octets)
        case _:
            _write_tlvs(value.items, writer)


def _write_samples(value: SampleArray, writer: FieldWriter) -> None:
    if not value.octets_per_sample or len(value.samples) % value.octets_per_sample:
        raise EncodeError(f"samples that are not whole ({_CLAUSE})")
    writer.u16(value.unit.term)
    for number in (value.scale, value.offset, value.period):
        writer.float32(number)
    writer.u8(value.per_period)
    writer.u8(value.octets_per_sample)
    writer.u32(len(value.samples) // value.octets_per_sample)
    writer.put(value.samples)
