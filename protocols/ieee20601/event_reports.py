"""What event reports say: configurations, scan reports of every form, segment data (20601 7.4).

    info = decode_event_info(report.event_type, report.event_info)
    match info:
        case ConfigReport(config_id=i, objects=o): ...
        case ScanReportFixed() | ScanReportVar(): ...     data_req_id, scan_report_no, ...
        case SegmentData(): ...

    reply = confirm_report(report)                        RORS without content
    reply = answer_configuration(report, config_id, ConfigResult.ACCEPTED)

`UnknownEventError` tells an event type nobody knows (ROER 9) from broken octets (DecodeError,
RORJ 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import construct as cs

from protocols.errors import DecodeError
from protocols.ieee20601.attributes import ATTRIBUTE_LIST, AttributeValue
from protocols.ieee20601.persistent_store import SEGMENT_DATA, SegmentData
from protocols.ieee20601.remote_operations import EventReport, RorsConfirmedEventReport
from protocols.ieee20601.tolerances import (
    DEFAULT_TOLERANCES,
    SURPLUS_OCTETS,
    SURPLUS_ZEROS,
    tolerances_of,
)
from protocols.mder.records import Codec, Leniency, wire
from protocols.mder.sequences import OCTET_STRING, SequenceOf

_CLAUSE: Final = "20601 Annex A"
AGENT_INITIATED_DATA: Final = 0xF000
"""data-req-id of reports the agent sends on its own (DataReqId data-req-id-agent-initiated)."""


class UnknownEventError(DecodeError):
    """No such event type: answered with ROER no-such-action."""


class EventType(IntEnum):
    """Event types of partition 1 (MDC_NOTI_*)."""

    CONFIG = 0x0D1C
    SCAN_REPORT_FIXED = 0x0D1D
    SCAN_REPORT_VAR = 0x0D1E
    SCAN_REPORT_MP_FIXED = 0x0D1F
    SCAN_REPORT_MP_VAR = 0x0D20
    SEGMENT_DATA = 0x0D21
    UNBUF_SCAN_REPORT_VAR = 0x0D22
    UNBUF_SCAN_REPORT_FIXED = 0x0D23
    UNBUF_SCAN_REPORT_GROUPED = 0x0D24
    UNBUF_SCAN_REPORT_MP_VAR = 0x0D25
    UNBUF_SCAN_REPORT_MP_FIXED = 0x0D26
    UNBUF_SCAN_REPORT_MP_GROUPED = 0x0D27
    BUF_SCAN_REPORT_VAR = 0x0D28
    BUF_SCAN_REPORT_FIXED = 0x0D29
    BUF_SCAN_REPORT_GROUPED = 0x0D2A
    BUF_SCAN_REPORT_MP_VAR = 0x0D2B
    BUF_SCAN_REPORT_MP_FIXED = 0x0D2C
    BUF_SCAN_REPORT_MP_GROUPED = 0x0D2D


class ConfigResult(IntEnum):
    """A manager's answer to a configuration."""

    ACCEPTED = 0
    UNSUPPORTED = 1
    STANDARD_UNKNOWN = 2


@dataclass(frozen=True, slots=True)
class ConfigObject:
    """One object of a configuration: class term, handle, attributes."""

    object_class: int = wire(cs.Int16ub)
    handle: int = wire(cs.Int16ub)
    attributes: tuple[AttributeValue, ...] = wire(ATTRIBUTE_LIST)


@dataclass(frozen=True, slots=True)
class ConfigReport:
    """The objects an agent has."""

    config_id: int = wire(cs.Int16ub)
    objects: tuple[ConfigObject, ...] = wire(SequenceOf(ConfigObject))


@dataclass(frozen=True, slots=True)
class ConfigReportResponse:
    """The manager's verdict: `result` see `ConfigResult`."""

    config_id: int = wire(cs.Int16ub)
    result: int = wire(cs.Int16ub)


@dataclass(frozen=True, slots=True)
class ObservationFixed:
    """Values of one object, laid out by its attribute value map."""

    handle: int = wire(cs.Int16ub)
    values: bytes = wire(OCTET_STRING)


@dataclass(frozen=True, slots=True)
class ObservationVar:
    """Values of one object, each with its attribute id."""

    handle: int = wire(cs.Int16ub)
    attributes: tuple[AttributeValue, ...] = wire(ATTRIBUTE_LIST)


@dataclass(frozen=True, slots=True)
class PersonFixed:
    """Fixed observations of one person."""

    person: int = wire(cs.Int16ub)
    observations: tuple[ObservationFixed, ...] = wire(SequenceOf(ObservationFixed))


@dataclass(frozen=True, slots=True)
class PersonVar:
    """Variable observations of one person."""

    person: int = wire(cs.Int16ub)
    observations: tuple[ObservationVar, ...] = wire(SequenceOf(ObservationVar))


@dataclass(frozen=True, slots=True)
class PersonGrouped:
    """One group of one person, laid out by the scanner's handle map."""

    person: int = wire(cs.Int16ub)
    values: bytes = wire(OCTET_STRING)


@dataclass(frozen=True, slots=True)
class ScanReportFixed:
    """Observations without attribute ids."""

    data_req_id: int = wire(cs.Int16ub)
    scan_report_no: int = wire(cs.Int16ub)
    observations: tuple[ObservationFixed, ...] = wire(SequenceOf(ObservationFixed))


@dataclass(frozen=True, slots=True)
class ScanReportVar:
    """Observations with attribute ids."""

    data_req_id: int = wire(cs.Int16ub)
    scan_report_no: int = wire(cs.Int16ub)
    observations: tuple[ObservationVar, ...] = wire(SequenceOf(ObservationVar))


@dataclass(frozen=True, slots=True)
class ScanReportGrouped:
    """Octets without handles: the scanner's handle map says what they are."""

    data_req_id: int = wire(cs.Int16ub)
    scan_report_no: int = wire(cs.Int16ub)
    observations: tuple[bytes, ...] = wire(SequenceOf(OCTET_STRING))


@dataclass(frozen=True, slots=True)
class ScanReportMpFixed:
    """Fixed observations of several persons."""

    data_req_id: int = wire(cs.Int16ub)
    scan_report_no: int = wire(cs.Int16ub)
    persons: tuple[PersonFixed, ...] = wire(SequenceOf(PersonFixed))


@dataclass(frozen=True, slots=True)
class ScanReportMpVar:
    """Variable observations of several persons."""

    data_req_id: int = wire(cs.Int16ub)
    scan_report_no: int = wire(cs.Int16ub)
    persons: tuple[PersonVar, ...] = wire(SequenceOf(PersonVar))


@dataclass(frozen=True, slots=True)
class ScanReportMpGrouped:
    """Grouped observations of several persons."""

    data_req_id: int = wire(cs.Int16ub)
    scan_report_no: int = wire(cs.Int16ub)
    persons: tuple[PersonGrouped, ...] = wire(SequenceOf(PersonGrouped))


ScanReport = (
    ScanReportFixed
    | ScanReportVar
    | ScanReportGrouped
    | ScanReportMpFixed
    | ScanReportMpVar
    | ScanReportMpGrouped
)
EventInfo = ConfigReport | ScanReport | SegmentData

CONFIG_REPORT: Final = Codec(ConfigReport, clause=f"{_CLAUSE}, ConfigReport")
CONFIG_RESPONSE: Final = Codec(ConfigReportResponse, clause=f"{_CLAUSE}, ConfigReportRsp")
_FIXED: Final = Codec(ScanReportFixed, clause=f"{_CLAUSE}, ScanReportInfoFixed")
_VAR: Final = Codec(ScanReportVar, clause=f"{_CLAUSE}, ScanReportInfoVar")
_GROUPED: Final = Codec(ScanReportGrouped, clause=f"{_CLAUSE}, ScanReportInfoGrouped")
_MP_FIXED: Final = Codec(ScanReportMpFixed, clause=f"{_CLAUSE}, ScanReportInfoMPFixed")
_MP_VAR: Final = Codec(ScanReportMpVar, clause=f"{_CLAUSE}, ScanReportInfoMPVar")
_MP_GROUPED: Final = Codec(ScanReportMpGrouped, clause=f"{_CLAUSE}, ScanReportInfoMPGrouped")

EVENT_INFOS: Final[dict[int, Codec[EventInfo]]] = {
    EventType.CONFIG: CONFIG_REPORT,
    EventType.SCAN_REPORT_FIXED: _FIXED,
    EventType.SCAN_REPORT_VAR: _VAR,
    EventType.SCAN_REPORT_MP_FIXED: _MP_FIXED,
    EventType.SCAN_REPORT_MP_VAR: _MP_VAR,
    EventType.SEGMENT_DATA: SEGMENT_DATA,
    EventType.UNBUF_SCAN_REPORT_VAR: _VAR,
    EventType.UNBUF_SCAN_REPORT_FIXED: _FIXED,
    EventType.UNBUF_SCAN_REPORT_GROUPED: _GROUPED,
    EventType.UNBUF_SCAN_REPORT_MP_VAR: _MP_VAR,
    EventType.UNBUF_SCAN_REPORT_MP_FIXED: _MP_FIXED,
    EventType.UNBUF_SCAN_REPORT_MP_GROUPED: _MP_GROUPED,
    EventType.BUF_SCAN_REPORT_VAR: _VAR,
    EventType.BUF_SCAN_REPORT_FIXED: _FIXED,
    EventType.BUF_SCAN_REPORT_GROUPED: _GROUPED,
    EventType.BUF_SCAN_REPORT_MP_VAR: _MP_VAR,
    EventType.BUF_SCAN_REPORT_MP_FIXED: _MP_FIXED,
    EventType.BUF_SCAN_REPORT_MP_GROUPED: _MP_GROUPED,
}
"""Event type -> codec of its event-info."""


def decode_event_info(
    event_type: int,
    octets: bytes,
    *,
    leniency: Leniency = DEFAULT_TOLERANCES,
    notes: list[str] | None = None,
) -> EventInfo:
    """The content of an event report.

    `leniency`: see `tolerances_of`. Some agents announce more than they fill: zero octets behind
    a complete list are SURPLUS_ZEROS, others SURPLUS_OCTETS. Raises `UnknownEventError` for an
    unknown type and DecodeError for octets that break the encoding.
    """
    codec = EVENT_INFOS.get(event_type)
    if codec is None:
        raise UnknownEventError(f"unknown event type {event_type}", clause="20601 7.4")
    info, used = codec.decode_front(octets, leniency=leniency, notes=notes)
    rest = octets[used:]
    if rest:
        kind = SURPLUS_OCTETS if any(rest) else SURPLUS_ZEROS
        told = [] if notes is None else notes
        tolerances_of(leniency).forgive(kind, told, octets=len(rest))
    return info


def encode_event_info(event_type: int, info: EventInfo) -> bytes:
    """The octets of an event's content.

    UnknownEventError for a type without a form, EncodeError for the content of another type.
    """
    codec = EVENT_INFOS.get(event_type)
    if codec is None:
        raise UnknownEventError(f"unknown event type {event_type}", clause="20601 7.4")
    return codec.encode(info)


def confirm_report(report: EventReport) -> RorsConfirmedEventReport:
    """The empty confirmation of a scan report (20601 8.9.3).

    A manager without a relative clock of its own repeats the event's time, all ones for none.
    """
    return RorsConfirmedEventReport(report.handle, report.event_time, report.event_type, b"")


def answer_configuration(
    report: EventReport, config_id: int, result: ConfigResult
) -> RorsConfirmedEventReport:
    """The manager's verdict on a configuration report."""
    reply = CONFIG_RESPONSE.encode(ConfigReportResponse(config_id, int(result)))
    return RorsConfirmedEventReport(report.handle, report.event_time, report.event_type, reply)
