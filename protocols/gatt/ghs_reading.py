"""Octets of a Generic Health Sensor -> observations.

    decode_observation(octets)     a live observation, all its segments together
    decode_stored(octets)          a stored one, behind its record number

An observation is its class, a length, 16 flags, the fields the flags name, and a value as the
class wants it. The layout is that of a public implementation of GHSS 1.0 (unconfirmed); it has
been published with the length before the class too, and both are read where the length fits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from protocols.errors import DecodeError
from protocols.gatt.elapsed_time import read_elapsed_time
from protocols.gatt.fields import FieldReader
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
    ObservationClass,
    SampleArray,
    SimpleValue,
    String,
    Tlv,
    Tlvs,
)
from protocols.model.codes import MdcCode, UnitCode

CLAUSE: Final = "GHSS 1.0, Live Health Observations"
_HEAD_OCTETS: Final = 3

TYPE, TIME, DURATION, STATUS, OBJECT_ID, PATIENT, SUPPLEMENTS, DERIVED_FROM, HAS_MEMBER, TLVS = (
    1 << bit for bit in range(10)
)
"""The flags, bit 0 first."""


def decode_observation(octets: bytes) -> GhsMessage:
    """The observation or bundle of all octets; DecodeError when they are no whole one."""
    reader = FieldReader(octets, clause=CLAUSE)
    message = _message(reader, is_length_first=_is_length_first(octets))
    reader.finish()
    return message


def decode_stored(octets: bytes) -> tuple[int, GhsMessage]:
    """A stored observation and its record number."""
    number = FieldReader(octets, clause=CLAUSE).u32()
    return number, decode_observation(octets[4:])


def _is_length_first(octets: bytes) -> bool:
    """The other published order: the length, which then counts the class too."""
    if len(octets) < _HEAD_OCTETS:
        return False
    behind_class = int.from_bytes(octets[1:3], "little")
    if octets[0] in set(ObservationClass) and behind_class == len(octets) - _HEAD_OCTETS:
        return False
    return int.from_bytes(octets[:2], "little") == len(octets) - 2


def _message(reader: FieldReader, *, is_length_first: bool) -> GhsMessage:
    kind, body = _body(reader, is_length_first=is_length_first)
    header = _header(body)
    if kind != ObservationClass.BUNDLE:
        return _observation(kind, header, body)
    members = []
    for _ in range(body.u8()):
        inner_kind, inner = _body(body, is_length_first=is_length_first)
        if inner_kind == ObservationClass.BUNDLE:
            raise DecodeError("a bundle in a bundle", clause=CLAUSE)
        members.append(_observation(inner_kind, _header(inner), inner))
    body.finish()
    return GhsBundle(header, tuple(members))


def _body(reader: FieldReader, *, is_length_first: bool) -> tuple[int, FieldReader]:
    """The class of the next observation and a reader of its own for what its length counts."""
    if is_length_first:
        length = reader.u16()
        body = FieldReader(reader.take(length), clause=CLAUSE)
        return body.u8(), body
    kind, length = reader.u8(), reader.u16()
    return kind, FieldReader(reader.take(length), clause=CLAUSE)


def _observation(kind: int, header: Header, body: FieldReader) -> GhsObservation:
    if kind == ObservationClass.COMPOUND:
        observation = GhsObservation(kind, header, _compound(body))
    elif kind in _SIMPLE:
        observation = GhsObservation(kind, header, _SIMPLE[kind](body))
    else:
        return GhsObservation(kind, header, None, body.rest())
    body.finish()
    return observation


def _header(reader: FieldReader) -> Header:
    flags = reader.u16()
    return Header(
        type=_code(reader) if flags & TYPE else None,
        time=read_elapsed_time(reader) if flags & TIME else None,
        duration=reader.float32() if flags & DURATION else None,
        status=reader.u16() if flags & STATUS else None,
        object_id=reader.u32() if flags & OBJECT_ID else None,
        patient=reader.u8() if flags & PATIENT else None,
        supplements=_codes(reader) if flags & SUPPLEMENTS else (),
        derived_from=_references(reader) if flags & DERIVED_FROM else (),
        has_member=_references(reader) if flags & HAS_MEMBER else (),
        tlvs=_tlvs(reader).items if flags & TLVS else (),
    )


def _code(reader: FieldReader) -> MdcCode:
    return MdcCode.from_cf_code(reader.u32())


def _codes(reader: FieldReader) -> tuple[MdcCode, ...]:
    return tuple(_code(reader) for _ in range(reader.u8()))


def _references(reader: FieldReader) -> tuple[int, ...]:
    return tuple(reader.u32() for _ in range(reader.u8()))


def _tlvs(reader: FieldReader) -> Tlvs:
    return Tlvs(tuple(_tlv(reader) for _ in range(reader.u8())))


def _tlv(reader: FieldReader) -> Tlv:
    code, length, form = _code(reader), reader.u16(), reader.u8()
    return Tlv(code, form, reader.take(length))


def _numeric(reader: FieldReader) -> Numeric:
    return Numeric(UnitCode(reader.u16()), reader.float32())


def _discrete(reader: FieldReader) -> Discrete:
    return Discrete(_code(reader))


def _string(reader: FieldReader) -> String:
    return String(reader.text(reader.u16()))


def _sample_array(reader: FieldReader) -> SampleArray:
    unit = UnitCode(reader.u16())
    scale, offset, period = reader.float32(), reader.float32(), reader.float32()
    per_period, octets_per_sample, count = reader.u8(), reader.u8(), reader.u32()
    return SampleArray(
        unit=unit,
        scale=scale,
        offset=offset,
        period=period,
        per_period=per_period,
        octets_per_sample=octets_per_sample,
        samples=reader.take(octets_per_sample * count),
    )


def _compound_discrete(reader: FieldReader) -> CompoundDiscrete:
    return CompoundDiscrete(_codes(reader))


def _compound_state(reader: FieldReader) -> CompoundState:
    octets = reader.u8()
    return CompoundState(
        octets, reader.unsigned(octets), reader.unsigned(octets), reader.unsigned(octets)
    )


_SIMPLE: Final[dict[int, Callable[[FieldReader], SimpleValue]]] = {
    ObservationClass.NUMERIC: _numeric,
    ObservationClass.DISCRETE: _discrete,
    ObservationClass.STRING: _string,
    ObservationClass.SAMPLE_ARRAY: _sample_array,
    ObservationClass.COMPOUND_DISCRETE: _compound_discrete,
    ObservationClass.COMPOUND_STATE: _compound_state,
    ObservationClass.TLV: _tlvs,
}


def _compound(reader: FieldReader) -> Compound:
    return Compound(tuple(_part(reader) for _ in range(reader.u8())))


def _part(reader: FieldReader) -> tuple[MdcCode, SimpleValue]:
    code, kind = _code(reader), reader.u8()
    read = _SIMPLE.get(kind)
    if read is None:
        # Nothing says how long a part of an unknown class is.
        raise DecodeError(f"a part of class {kind}", clause=CLAUSE, offset=reader.offset)
    return code, read(reader)
