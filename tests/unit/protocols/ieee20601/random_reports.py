"""Random configurations and reports of them, for what must hold for any (hypothesis)."""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import (
    HandleValueMap,
    SampleSpecification,
    ScaleAndRange,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.event_reports import (
    ConfigObject,
    EventType,
    ObservationFixed,
    ScanReportFixed,
    ScanReportGrouped,
    encode_event_info,
)
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.observation_cases import MAKERS
from protocols.ieee20601.remote_operations import EventReport, RoivConfirmedEventReport
from protocols.model.codes import MdcCode, UnitCode

SCANNER = 60
PARTS = (18949, 18950, 18951)
SAMPLES = 4
_ODD_STAMPS = (bytes(8), bytes.fromhex("2026112524000000"), bytes.fromhex("20261125ff000000"))
_stamps = st.one_of(
    st.sampled_from(_ODD_STAMPS),
    st.builds(
        lambda hour, minute: bytes.fromhex(f"20261125{hour:02d}{minute:02d}0000"),
        st.integers(0, 23),
        st.integers(0, 59),
    ),
)
_ENTRIES: dict[Attribute[Any], tuple[int, Callable[[int], st.SearchStrategy[bytes]]]] = {}


def _any(length: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=length, max_size=length)


def _list_of(width: int) -> Callable[[int], st.SearchStrategy[bytes]]:
    """A list of three numbers, its head right or anything."""
    head = struct.pack(">HH", len(PARTS), width * len(PARTS))

    def make(length: int) -> st.SearchStrategy[bytes]:
        right = _any(length - 4).map(lambda octets: head + octets)
        return st.one_of(right, right, _any(length))

    return make


def _octet_string(length: int) -> st.SearchStrategy[bytes]:
    right = _any(length - 2).map(lambda octets: struct.pack(">H", length - 2) + octets)
    return st.one_of(right, right, _any(length))


_ENTRIES.update(
    {
        at.NU_VAL_OBS_BASIC: (2, _any),
        at.NU_VAL_OBS_SIMP: (4, _any),
        at.NU_CMPD_VAL_OBS_BASIC: (10, _list_of(2)),
        at.NU_CMPD_VAL_OBS_SIMP: (16, _list_of(4)),
        at.ENUM_OBS_VAL_SIMP_OID: (2, _any),
        at.ENUM_OBS_VAL_SIMP_BIT_STR: (4, _any),
        at.ENUM_OBS_VAL_BASIC_BIT_STR: (2, _any),
        at.ENUM_OBS_VAL_SIMP_STR: (6, _octet_string),
        at.SIMP_SA_OBS_VAL: (2 + 2 * SAMPLES, _octet_string),
        at.MSMT_STAT: (2, _any),
        at.TIME_STAMP_ABS: (8, lambda _: _stamps),
        at.TIME_STAMP_REL: (4, _any),
        at.TIME_STAMP_REL_HI_RES: (8, _any),
        at.TIME_STAMP_BO: (8, _any),
        at.TIME_PD_MSMT_ACTIVE: (4, _any),
        at.NU_ACCUR_MSMT: (4, _any),
        at.UNIT_CODE: (2, _any),
        at.NU_VAL_OBS: (10, _any),
    }
)
_LENGTHS = {kind.attribute_id: length for kind, (length, _) in _ENTRIES.items()}
_OCTETS = {kind.attribute_id: octets for kind, (_, octets) in _ENTRIES.items()}
_common: tuple[Attribute[Any], ...] = (
    at.NU_VAL_OBS_BASIC,
    at.NU_CMPD_VAL_OBS_BASIC,
    at.TIME_STAMP_ABS,
    at.MSMT_STAT,
)
_kinds: st.SearchStrategy[Attribute[Any]] = st.sampled_from((*_common * 12, *_ENTRIES))
_rarely = st.sampled_from((False,) * 59 + (True,))
_sometimes = st.sampled_from((False,) * 9 + (True,))


@st.composite
def value_maps(draw: st.DrawFn) -> tuple[ValueMapEntry, ...]:
    """One to four attributes, nearly always with their own length, mostly with one value."""
    entries = []
    kinds = draw(st.lists(_kinds, min_size=1, max_size=4, unique=not draw(_rarely)))
    if not draw(_sometimes):
        spare = [kind for kind in kinds if kind.attribute_id in MAKERS][1:]
        kinds = [kind for kind in kinds if kind not in spare]
    for kind in kinds:
        length = _LENGTHS[kind.attribute_id]
        attribute_id = kind.attribute_id
        if draw(_rarely):
            length += draw(st.sampled_from((-1, 1)))
        if draw(_rarely):
            attribute_id = 0xF123
        entries.append(ValueMapEntry(attribute_id, length))
    return tuple(entries)


@st.composite
def objects(draw: st.DrawFn, handle: int) -> ConfigObject:
    """A metric object with all that its values may need, most of the time."""
    flags = draw(st.sampled_from((0, 0x1000, 0xF000)))
    layout = SampleSpecification(SAMPLES, 16, draw(st.sampled_from((12, 255))), flags)
    scale = ScaleAndRange(Decimal(0), Decimal("10.0"), 0, 200)
    optional: tuple[AttributeValue, ...] = (
        at.ID_TYPE.of(MdcCode(2, 18948 + handle)),
        at.UNIT_CODE.of(UnitCode(draw(st.sampled_from((544, 3872))))),
        at.ID_PHYSIO_LIST.of(PARTS),
        at.SA_SPECN.of(layout),
        at.SCALE_SPECN_I16.of(scale),
        at.TIME_PD_SAMP.of(16),
        at.SUPPLEMENTAL_TYPES.of((MdcCode(2, 19516),)),
        at.ENUM_OBS_VAL_PART.of(3),
    )
    kept = tuple(item for item in optional if not draw(_rarely))
    maps = (at.ATTRIBUTE_VAL_MAP.of(draw(value_maps())),)
    return ConfigObject(int(ObjectClass.NUMERIC), handle, (*kept, *maps))


@st.composite
def configurations(draw: st.DrawFn) -> Configuration:
    """One to four metric objects and a scanner over some of them."""
    handles = range(0 if draw(_rarely) else 1, draw(st.integers(2, 5)))
    metrics = [draw(objects(handle)) for handle in handles]
    watched = draw(st.lists(st.sampled_from((*handles, *handles, 5)), min_size=1, max_size=3))
    maps = tuple(HandleValueMap(handle, draw(value_maps())) for handle in watched)
    scanner = ConfigObject(
        int(ObjectClass.PERIODIC_SCANNER), SCANNER, (at.SCAN_HANDLE_ATTR_VAL_MAP.of(maps),)
    )
    return build_configuration(0x4000, (*metrics, scanner))


@st.composite
def _values(draw: st.DrawFn, value_map: tuple[ValueMapEntry, ...]) -> bytes:
    parts = []
    for entry in value_map:
        right = _LENGTHS.get(entry.attribute_id) == entry.length
        make = _OCTETS[entry.attribute_id] if right else _any
        parts.append(draw(make(entry.length)))
    return b"".join(parts)


@st.composite
def reports(draw: st.DrawFn, configuration: Configuration) -> EventReport:
    """A fixed or grouped report of the configuration; now and then with an octet changed."""
    number = draw(st.integers(0, 0xFFFF))
    handles = [handle for handle in configuration.objects if handle != SCANNER]
    if draw(st.booleans()):
        chosen = draw(st.lists(st.sampled_from(handles), min_size=not draw(_rarely), max_size=4))
        observations = tuple(
            ObservationFixed(handle, draw(_values(configuration.objects[handle].value_map)))
            for handle in chosen
        )
        event_type, source = int(EventType.SCAN_REPORT_FIXED), 0
        info = encode_event_info(event_type, ScanReportFixed(0xF000, number, observations))
    else:
        maps = configuration.objects[SCANNER].handle_maps
        groups = tuple(
            b"".join(draw(_values(entry.value_map)) for entry in maps)
            for _ in range(draw(st.sampled_from((1, 2, 3, 0))))
        )
        event_type = int(EventType.BUF_SCAN_REPORT_GROUPED)
        source = draw(st.sampled_from((*(SCANNER,) * 18, 0, 1)))
        info = encode_event_info(event_type, ScanReportGrouped(0xF000, number, groups))
    match draw(st.sampled_from((*range(4), *(4,) * 16))):
        case 0:
            at_octet = draw(st.integers(0, len(info) - 1))
            changed = draw(st.integers(0, 255))
            info = info[:at_octet] + bytes([changed]) + info[at_octet + 1 :]
        case 1:
            info = info[: draw(st.integers(0, len(info)))]
        case 2:
            info += bytes(draw(st.integers(1, 4)))
    return RoivConfirmedEventReport(source, 0xFFFFFFFF, event_type, info)
