"""An APDU as nested plain values, under the key names the vectors' `expect` uses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.apdus import Aare, Aarq, Abrt, Apdu, DataApdu, Prst, Rlre, Rlrq
from protocols.ieee20601.association import PhdAssociationInformation
from protocols.ieee20601.attribute_table import ATTRIBUTES, name_of
from protocols.ieee20601.attribute_values import (
    MdsTimeInfo,
    MetricStructure,
    ProductSpecification,
    SegmentEntryMap,
    SystemModel,
    TypeVersion,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute, AttributeValue
from protocols.ieee20601.event_reports import (
    CONFIG_RESPONSE,
    ConfigReport,
    EventType,
    ObservationFixed,
    ObservationVar,
    ScanReportFixed,
    ScanReportGrouped,
    ScanReportMpFixed,
    ScanReportMpVar,
    ScanReportVar,
    decode_event_info,
)
from protocols.ieee20601.persistent_store import (
    ACT_SEG_GET_INFO,
    ACT_SEG_TRIG_XFER,
    SEGMENT_DATA_RESULT,
    SEGMENT_INFOS,
    TRIGGER_RESPONSE,
    SegmentData,
    SegmentSelection,
    TriggerRequest,
)
from protocols.ieee20601.remote_operations import (
    ActionRequest,
    EventReport,
    RoivGet,
    RorsConfirmedAction,
    RorsConfirmedEventReport,
    RorsConfirmedSet,
    RorsGet,
    SetRequest,
)
from protocols.ieee20601.requests import ACT_DATA_REQUEST, DataRequest, decode_action_info
from protocols.mder.sequences import text_of
from protocols.mder.times import AbsoluteTime
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.quantity import SpecialValue
from protocols.model.timestamps import DeviceTime

View = dict[str, Any]

ACTIONS = {
    ACT_SEG_GET_INFO: "MDC_ACT_SEG_GET_INFO",
    ACT_SEG_TRIG_XFER: "MDC_ACT_SEG_TRIG_XFER",
    ACT_DATA_REQUEST: "MDC_ACT_DATA_REQUEST",
}
SPECIALS = {
    SpecialValue.NAN: "NaN",
    SpecialValue.NRES: "NRes",
    SpecialValue.POSITIVE_INFINITY: "+INF",
    SpecialValue.NEGATIVE_INFINITY: "-INF",
    SpecialValue.RESERVED: "RESERVED",
}

# The lists of one SFLOAT, one FLOAT or three SFLOATs with a time stamp: the value maps of every
# configuration that the fixed reports of the vectors belong to, told apart by their length.
VALUE_MAPS: dict[int, tuple[tuple[Attribute[Any], int], ...]] = {
    10: ((at.NU_VAL_OBS_BASIC, 2), (at.TIME_STAMP_ABS, 8)),
    12: ((at.NU_VAL_OBS_SIMP, 4), (at.TIME_STAMP_ABS, 8)),
    18: ((at.NU_CMPD_VAL_OBS_BASIC, 10), (at.TIME_STAMP_ABS, 8)),
}


def number_text(value: Decimal | SpecialValue) -> str:
    """A number with the digits it has on the wire, without an exponent."""
    return SPECIALS[value] if isinstance(value, SpecialValue) else f"{value:f}"


def view(apdu: Apdu) -> View:
    """The parts of an APDU by key."""
    match apdu:
        case Aarq():
            return {
                "apdu": "AARQ",
                "assoc_version": apdu.assoc_version,
                "protocols": [_association(protocol.info) for protocol in apdu.protocols],
            }
        case Aare():
            return {
                "apdu": "AARE",
                "result": apdu.result,
                "selected": _association(apdu.selected.info),
            }
        case Rlrq() | Rlre() | Abrt():
            return {"apdu": type(apdu).__name__.upper(), "reason": apdu.reason}
        case Prst():
            return {"apdu": "PRST", "invoke_id": apdu.data.invoke_id} | _message(apdu.data)


def _association(info: PhdAssociationInformation | bytes) -> View:
    assert isinstance(info, PhdAssociationInformation)
    fields = PhdAssociationInformation.__dataclass_fields__
    return {name: _plain(getattr(info, name)) for name in fields if name != "options"}


def _message(data: DataApdu) -> View:
    message = data.message
    kind = {"message": _kebab(type(message).__name__)}
    match message:
        case EventReport():
            info = decode_event_info(message.event_type, message.event_info)
            return kind | {
                "handle": message.handle,
                "time": message.event_time,
                "event": f"MDC_NOTI_{EventType(message.event_type).name}",
                "info": _event_info(info),
            }
        case RorsConfirmedEventReport():
            return kind | {
                "handle": message.handle,
                "time": message.current_time,
                "event": f"MDC_NOTI_{EventType(message.event_type).name}",
                "info": _reply(message),
            }
        case RoivGet():
            return kind | {"handle": message.handle, "attribute_ids": list(message.attribute_ids)}
        case RorsGet() | RorsConfirmedSet():
            return kind | {"handle": message.handle, "attrs": _attributes(message.attributes)}
        case SetRequest():
            changes = [
                [change.operator, name_of(change.attribute_id), _value(change)]
                for change in message.modifications
            ]
            return kind | {"handle": message.handle, "mods": changes}
        case ActionRequest() | RorsConfirmedAction():
            return kind | {
                "handle": message.handle,
                "action": ACTIONS[message.action_type],
                "info": _action(message),
            }
    return kind


def _event_info(info: object) -> View:
    match info:
        case ConfigReport():
            objects = [
                {
                    "class": item.object_class,
                    "handle": item.handle,
                    "attrs": _attributes(item.attributes),
                }
                for item in info.objects
            ]
            return {"config_id": info.config_id, "objects": objects}
        case SegmentData():
            return {
                "segment": info.instance,
                "entry_index": info.first,
                "entry_count": info.count,
                "status": info.status,
                "entries_hex": info.entries.hex(),
            }
        case ScanReportFixed() | ScanReportVar():
            more: View = {"obs": [_observation(item) for item in info.observations]}
        case ScanReportMpFixed() | ScanReportMpVar():
            people = [
                {"person": each.person, "obs": [_observation(item) for item in each.observations]}
                for each in info.persons
            ]
            more = {"persons": people}
        case ScanReportGrouped():
            more = {"obs": [octets.hex() for octets in info.observations]}
        case _:
            raise AssertionError(f"no view of {info!r}")
    return {"data_req_id": info.data_req_id, "scan_report_no": info.scan_report_no} | more


def _observation(item: ObservationFixed | ObservationVar) -> View:
    if isinstance(item, ObservationVar):
        return {"handle": item.handle} | _attributes(item.attributes)
    values: View = {"handle": item.handle}
    start = 0
    for kind, length in VALUE_MAPS[len(item.values)]:
        octets = item.values[start : start + length]
        values[kind.ref_id] = _plain(kind.decode(octets))
        start += length
    return values


def _reply(message: RorsConfirmedEventReport) -> Any:  # noqa: ANN401  # text or a view
    if not message.event_reply_info:
        return ""
    if message.event_type == EventType.CONFIG:
        verdict = CONFIG_RESPONSE.decode(message.event_reply_info)
        return {"config_id": verdict.config_id, "result": verdict.result}
    result = SEGMENT_DATA_RESULT.decode(message.event_reply_info)
    return {"segment": result.instance, "entry_count": result.count, "status": result.status}


def _action(message: ActionRequest | RorsConfirmedAction) -> View:
    if isinstance(message, RorsConfirmedAction):
        if message.action_type == ACT_SEG_GET_INFO:
            segments = SEGMENT_INFOS.decode(message.action_info)
            return {
                "segments": [
                    {"segment": item.instance, "attrs": _attributes(item.attributes)}
                    for item in segments
                ]
            }
        answer = TRIGGER_RESPONSE.decode(message.action_info)
        return {"segment": answer.instance, "result": answer.result}
    argument = decode_action_info(message.action_type, message.action_info)
    match argument:
        case DataRequest():
            return {
                "req_id": argument.req_id,
                "mode": argument.mode,
                "class": argument.object_class,
            }
        case SegmentSelection():
            return {"selection": {1: "all-segments"}[argument.choice]}
        case TriggerRequest():
            return {"segment": argument.instance}
    raise AssertionError(f"no view of {argument!r}")


def _attributes(attributes: tuple[AttributeValue, ...]) -> View:
    return {name_of(value.attribute_id): _value(value) for value in attributes}


def _value(value: Any) -> Any:  # noqa: ANN401  # any attribute's plain form
    return _plain(ATTRIBUTES[value.attribute_id].decode(value.octets))


def _plain(value: Any) -> Any:  # noqa: ANN401  # any attribute's plain form
    match value:
        case Decimal() | SpecialValue():
            return number_text(value)
        case AbsoluteTime():
            return DeviceTime.absolute(value.at).value if value.at else None
        case MdcCode():
            return str(value)
        case UnitCode():
            return value.term
        case SystemId():
            return value.octets.hex()
        case bytes():
            return text_of(value)
        case SystemModel():
            manufacturer, model = value.texts
            return {"manufacturer": manufacturer, "model": model}
        case ProductSpecification():
            return {"spec_type": value.spec_type, "value": value.text}
        case TypeVersion():
            return {"type": value.type, "version": value.version}
        case MdsTimeInfo():
            return {"cap_state": value.capability, "res_rel": value.relative_resolution}
        case MetricStructure():
            return value.kind << 8 | value.components
        case ValueMapEntry():
            return [name_of(value.attribute_id), value.length]
        case SegmentEntryMap():
            return {"entry_header": value.header}
        case tuple():
            return [_plain(item) for item in value]
    return value


def _kebab(name: str) -> str:
    """RorsConfirmedEventReport -> rors-confirmed-event-report."""
    return "".join(f"-{char.lower()}" if char.isupper() else char for char in name).lstrip("-")


def look_up(tree: Any, path: str) -> Any:  # noqa: ANN401  # a JSON-like tree
    """The value at a `/` separated path of keys and list positions."""
    for step in path.split("/"):
        tree = tree[int(step)] if isinstance(tree, list) else tree[step]
    return tree
