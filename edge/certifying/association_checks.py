"""The checks of an association request and of a reported configuration: pure."""

from __future__ import annotations

from edge.certifying.findings import Record
from edge.certifying.probe import Incoming
from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Aarq
from protocols.ieee20601.association import (
    ASSOCIATION_VERSION_1,
    EXTENDED_CONFIGURATIONS,
    NOMENCLATURE_VERSION_1,
    STANDARD_CONFIGURATIONS,
    EncodingRules,
    FunctionalUnits,
    PhdAssociationInformation,
    SystemType,
)
from protocols.ieee20601.attribute_table import (
    ATTRIBUTE_VAL_MAP,
    ID_PHYSIO,
    ID_TYPE,
    METRIC_SPEC_SMALL,
    NU_VAL_OBS_BASIC,
    NU_VAL_OBS_SIMP,
    TIME_STAMP_ABS,
    TIME_STAMP_REL,
    TIME_STAMP_REL_HI_RES,
    name_of,
)
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.ieee20601.event_reports import ConfigObject, ConfigReport, decode_event_info
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.remote_operations import MDS_HANDLE, RoivConfirmedEventReport
from protocols.mder.records import LENIENT
from protocols.nomenclature.lookup import find
from protocols.specializations.registry import (
    STANDARD_CONFIGURATIONS as KNOWN_STANDARD_CONFIGURATIONS,
)

_KNOWN_VERSIONS = 0xF000_0000
_FUNCTIONAL_UNITS = 0x8000_0000 | int(
    FunctionalUnits.HAVE_TEST_CAP | FunctionalUnits.CREATE_TEST_ASSOCIATION
)
_EUI_64 = 8
_LENGTHS = {
    NU_VAL_OBS_SIMP.attribute_id: 4,
    NU_VAL_OBS_BASIC.attribute_id: 2,
    TIME_STAMP_ABS.attribute_id: 8,
    TIME_STAMP_REL.attribute_id: 4,
    TIME_STAMP_REL_HI_RES.attribute_id: 8,
}
_METRICS = (ObjectClass.NUMERIC, ObjectClass.ENUMERATION, ObjectClass.SAMPLE_ARRAY)


def judge_request(record: Record, incoming: Incoming) -> PhdAssociationInformation | None:
    """ASSOC-1 to ASSOC-12; the offer of protocol 20601 where there is one."""
    where = incoming.evidence
    record.judge("ASSOC-1", True, "", *where)
    aarq = incoming.apdu
    record.judge("ASSOC-2", isinstance(aarq, Aarq), incoming.why, *where)
    if not isinstance(aarq, Aarq):
        return None
    version = aarq.assoc_version
    record.judge("ASSOC-3", bool(version & ASSOCIATION_VERSION_1), f"0x{version:08X}", *where)
    offer = aarq.phd
    record.judge("ASSOC-4", offer is not None, "no offer of it", *where)
    if offer is not None:
        _judge_offer(record, offer, where)
    return offer


def _judge_offer(record: Record, offer: PhdAssociationInformation, where: tuple[int, ...]) -> None:
    record.device.system_id = str(offer.system_id)
    versions = offer.protocol_version
    exist = bool(versions & _KNOWN_VERSIONS) and not versions & ~_KNOWN_VERSIONS
    record.judge("ASSOC-5", exist, f"0x{versions:08X}", *where)
    encoding = offer.encoding
    record.judge("ASSOC-6", bool(encoding & EncodingRules.MDER), f"0x{encoding:04X}", *where)
    nomenclature = offer.nomenclature_version
    known = bool(nomenclature & NOMENCLATURE_VERSION_1)
    record.judge("ASSOC-7", known, f"0x{nomenclature:08X}", *where)
    is_agent = offer.system_type == SystemType.AGENT
    record.judge("ASSOC-8", is_agent, f"0x{offer.system_type:08X}", *where)
    size = len(offer.system_id.octets)
    record.judge("ASSOC-9", size == _EUI_64, f"{size} octets", *where)
    config_id = offer.config_id
    named = config_id in STANDARD_CONFIGURATIONS or config_id in EXTENDED_CONFIGURATIONS
    record.judge("ASSOC-10", named, f"0x{config_id:04X}", *where)
    units = offer.functional_units
    record.judge("ASSOC-11", not units & ~_FUNCTIONAL_UNITS, f"0x{units:08X}", *where)
    test = "it asks for a test association: what it sends is nobody's reading"
    record.judge("ASSOC-12", not offer.is_test, test, *where)


def judge_configuration(record: Record, incoming: Incoming, offered: int) -> Configuration | None:
    """CONF-2 to CONF-9; the configuration where it can be read at all."""
    where, report = incoming.evidence, incoming.message
    confirmed = isinstance(report, RoivConfirmedEventReport) and report.handle == MDS_HANDLE
    record.judge("CONF-2", confirmed, incoming.in_words(), *where)
    if not isinstance(report, RoivConfirmedEventReport):
        return None
    try:
        info = decode_event_info(report.event_type, report.event_info)
        record.judge("CONF-3", True, "", *where)
    except DecodeError as exc:
        record.judge("CONF-3", False, str(exc), *where)
        info = None
    if isinstance(info, ConfigReport):
        same = info.config_id == offered
        record.judge("CONF-4", same, f"0x{info.config_id:04X} for 0x{offered:04X}", *where)
        _judge_objects(record, info, where)
    try:
        configuration = decode_configuration(report.event_info, leniency=LENIENT)
    except DecodeError:
        return None
    _judge_standard(record, configuration, where)
    record.device.config_id = configuration.config_id
    record.device.objects = tuple(
        (handle, _name_of(item)) for handle, item in configuration.objects.items()
    )
    return configuration


def _name_of(item: ConfiguredObject) -> str:
    """The standard's name of what an object measures, else its number, else its class."""
    if item.type is not None:
        row = find(item.type)
        return row.reference_id if row and row.reference_id else str(item.type)
    known = item.object_class in set(ObjectClass)
    return ObjectClass(item.object_class).name if known else f"class {item.object_class}"


def _judge_objects(record: Record, report: ConfigReport, where: tuple[int, ...]) -> None:
    handles = [item.handle for item in report.objects]
    twice = sorted({str(handle) for handle in handles if handles.count(handle) > 1})
    own = bool(handles) and not twice and MDS_HANDLE not in handles
    record.judge("CONF-5", own, f"handles {', '.join(map(str, handles))}", *where)
    for item in report.objects:
        present = {value.attribute_id for value in item.attributes}
        if item.object_class in _METRICS:
            typed = bool(present & {ID_TYPE.attribute_id, ID_PHYSIO.attribute_id})
            record.judge("CONF-6", typed, f"object {item.handle}", *where)
            specified = METRIC_SPEC_SMALL.attribute_id in present
            record.judge("CONF-7", specified, f"object {item.handle}", *where)
        _judge_map(record, item, where)


def _judge_map(record: Record, item: ConfigObject, where: tuple[int, ...]) -> None:
    for value in item.attributes:
        if value.attribute_id != ATTRIBUTE_VAL_MAP.attribute_id:
            continue
        try:
            entries = ATTRIBUTE_VAL_MAP.decode(value.octets)
        except DecodeError as exc:
            record.judge("CONF-8", False, f"object {item.handle}: {exc}", *where)
            continue
        for entry in entries:
            right = _LENGTHS.get(entry.attribute_id, entry.length)
            detail = f"object {item.handle}: {entry.length} octets of {name_of(entry.attribute_id)}"
            record.judge("CONF-8", entry.length == right, detail, *where)


def _judge_standard(record: Record, configuration: Configuration, where: tuple[int, ...]) -> None:
    config_id = configuration.config_id
    if config_id not in STANDARD_CONFIGURATIONS:
        record.leave_out("CONF-9", "it has an extended configuration")
        return
    known = KNOWN_STANDARD_CONFIGURATIONS.get(config_id)
    if known is None:
        record.leave_out("CONF-9", f"this program does not know 0x{config_id:04X}")
        return
    for handle, item in known.objects.items():
        found = configuration.find(handle)
        same = found is not None and found.type == item.type
        record.judge("CONF-9", same, f"object {handle} is not {_name_of(item)}", *where)
