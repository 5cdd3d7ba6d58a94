"""The MDS of the device: who it is, its clocks, and how it answers a Get."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from edge.certifying.asking import Answered, Examination, ask
from edge.certifying.findings import Record
from edge.certifying.probe import Probe
from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue, find_readable
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.device_description import FIRMWARE_REVISION, SERIAL_NUMBER
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    ErrorCode,
    Roer,
    RoivConfirmedAction,
    RoivGet,
    RorsConfirmedAction,
    RorsGet,
)
from protocols.ieee20601.requests import ACT_SET_TIME, SET_TIME, SetTime, get_all, get_selected
from protocols.ieee20601.time_info import TimeBits
from protocols.ieee20601.timeouts import TICK_SECONDS

_UNKNOWN_ATTRIBUTE: Final = 0xEFFE
_OF_ALL_ATTRIBUTES: Final = (*(f"MDS-{number}" for number in (2, 3, 4, 5, 6, 7, 10)), "OPER-3")
_UNREAD: Final = "it answered no Get of its MDS"
_EXACT: Final = Decimal(0)
_DRIFT_SECONDS: Final = 2.0
_ZONES_MINUTES: Final = range(-12 * 60, 14 * 60 + 1)
_BEGUN_1990: Final = 90 * 365 * 86_400
"""No device with base-offset time is older; a clock before that was never set."""


def examine_device(probe: Probe, *, set_time: bool) -> Examination:
    """MDS-1 to MDS-7, MDS-10, and OPER-3 with what the MDS says of its clock."""
    answered = yield from ask(probe, get_all())
    incoming, message = answered.incoming, answered.message
    record, where = probe.record, incoming.evidence
    record.judge("MDS-1", isinstance(message, RorsGet), incoming.in_words(), *where)
    if not isinstance(message, RorsGet):
        for check_id in _OF_ALL_ATTRIBUTES:
            record.leave_out(check_id, _UNREAD)
        return not answered.ended
    attributes = message.attributes
    for value in attributes:
        kind = at.ATTRIBUTES.get(value.attribute_id)
        try:
            if kind is not None:
                kind.decode(value.octets)
        except DecodeError as exc:
            record.judge("MDS-2", False, str(exc), *where)
    record.judge("MDS-2", True, "", *where)
    _judge_identity(record, attributes, probe.reports.configuration, where)
    _judge_clock(record, attributes, where)
    _judge_base_offset(record, attributes, where)
    ticks = find_readable(attributes, at.CONFIRM_TIMEOUT, [])
    probe.confirm_seconds = ticks * TICK_SECONDS if ticks else None
    return (yield from _set_time(probe, attributes, allowed=set_time))


def _judge_identity(
    record: Record,
    attributes: tuple[AttributeValue, ...],
    configuration: Configuration | None,
    where: tuple[int, ...],
) -> None:
    device = record.device
    system_id = find_readable(attributes, at.SYS_ID, [])
    record.judge("MDS-3", str(system_id) == device.system_id, f"{system_id}", *where)
    config_id = find_readable(attributes, at.DEV_CONFIG_ID, [])
    in_use = configuration is not None and config_id == configuration.config_id
    record.judge("MDS-4", in_use, f"{config_id}", *where)
    model = find_readable(attributes, at.ID_MODEL, [])
    device.manufacturer, device.model = model.texts if model else ("", "")
    record.judge("MDS-5", bool(device.manufacturer and device.model), "left empty", *where)
    printed = find_readable(attributes, at.ID_PROD_SPECN, []) or ()
    texts = {item.spec_type: item.text for item in printed}
    device.serial_number = texts.get(SERIAL_NUMBER, "")
    device.firmware = texts.get(FIRMWARE_REVISION, "")
    versions = find_readable(attributes, at.SYS_TYPE_SPEC_LIST, [])
    system_type = find_readable(attributes, at.SYS_TYPE, [])
    typed = bool(versions) or (system_type is not None and system_type.term != 0)
    record.judge("MDS-6", typed, "neither is there", *where)


def _capability(attributes: tuple[AttributeValue, ...]) -> int:
    info = find_readable(attributes, at.MDS_TIME_INFO, [])
    return info.capability if info is not None else 0


def _judge_clock(
    record: Record, attributes: tuple[AttributeValue, ...], where: tuple[int, ...]
) -> None:
    if not _capability(attributes) & TimeBits.REAL_TIME_CLOCK:
        record.leave_out("MDS-7", "it claims no real-time clock")
        return
    now = find_readable(attributes, at.TIME_ABS, [])
    tells = now is not None and now.at is not None
    record.judge("MDS-7", tells, now.octets.hex() if now else "no Date-and-Time", *where)


def _judge_base_offset(
    record: Record, attributes: tuple[AttributeValue, ...], where: tuple[int, ...]
) -> None:
    now = find_readable(attributes, at.TIME_BO, [])
    claims = bool(_capability(attributes) & TimeBits.BASE_OFFSET_TIME)
    if now is None and not claims:
        record.leave_out("MDS-10", "it claims no base-offset time")
        return
    fair = now is not None and now.seconds >= _BEGUN_1990 and now.offset_minutes in _ZONES_MINUTES
    shown = f"{now.seconds} s since 1900, {now.offset_minutes} min" if now else "not there"
    record.judge("MDS-10", fair, shown, *where)


def _set_time(
    probe: Probe, attributes: tuple[AttributeValue, ...], *, allowed: bool
) -> Examination:
    if not _capability(attributes) & TimeBits.SET_CLOCK:
        probe.record.leave_out("OPER-3", "it does not say that it can")
        return True
    if not allowed:
        probe.record.leave_out("OPER-3", "its clock may not be set in this run (--set-time)")
        return True
    now = find_readable(attributes, at.TIME_ABS, [])
    if now is None:
        probe.record.leave_out("OPER-3", "it shows no time to set back")
        return True
    # Its own time goes back to it: the check must not leave it with a wrong one.
    request = RoivConfirmedAction(
        MDS_HANDLE, ACT_SET_TIME, SET_TIME.encode(SetTime(now, accuracy=_EXACT))
    )
    answered = yield from ask(probe, request)
    took = isinstance(answered.message, RorsConfirmedAction)
    incoming = answered.incoming
    probe.record.judge("OPER-3", took, incoming.in_words(), *incoming.evidence)
    return not answered.ended


def examine_selection(probe: Probe) -> Examination:
    """MDS-8 and MDS-11: a Get of one attribute, and of one that nobody has."""
    for check_id, wanted in (
        ("MDS-8", get_selected(MDS_HANDLE, [at.SYS_ID])),
        ("MDS-11", RoivGet(MDS_HANDLE, (_UNKNOWN_ATTRIBUTE,))),
    ):
        answered = yield from ask(probe, wanted)
        message, incoming = answered.message, answered.incoming
        if _takes_no_selection(answered):
            # The specializations leave it to an agent whether it serves a list of attributes.
            probe.record.leave_out(check_id, "it serves a Get of all attributes only")
            continue
        expected = [at.SYS_ID.attribute_id] if check_id == "MDS-8" else []
        right = isinstance(message, RorsGet) and expected == [
            value.attribute_id for value in message.attributes
        ]
        probe.record.judge(check_id, right, incoming.in_words(), *incoming.evidence)
        if answered.ended:
            return False
    return True


def _takes_no_selection(answered: Answered) -> bool:
    message = answered.message
    return isinstance(message, Roer) and message.error == ErrorCode.NOT_ALLOWED_BY_OBJECT


def examine_passing_time(probe: Probe, pause: Examination) -> Examination:
    """MDS-9: Date-and-Time before and after a pause, which is another part."""
    first = yield from ask(probe, get_all())
    if first.ended or not (yield from pause):
        return False
    second = yield from ask(probe, get_all())
    if not all(isinstance(item.message, RorsGet) for item in (first, second)):
        probe.record.leave_out("MDS-9", _UNREAD)
        return not second.ended
    told = [
        find_readable(item.message.attributes, at.TIME_ABS, [])
        for item in (first, second)
        if isinstance(item.message, RorsGet)
    ]
    times = [time.at for time in told if time is not None and time.at is not None]
    if len(times) < len((first, second)):
        probe.record.leave_out("MDS-9", "it shows no time")
        return not second.ended
    where = (*first.incoming.evidence, *second.incoming.evidence)
    passed = probe.record.seconds_between(*where)
    shown = (times[1] - times[0]).total_seconds()
    goes_on = shown > 0 and abs(shown - passed) <= _DRIFT_SECONDS
    probe.record.judge("MDS-9", goes_on, f"{shown:.2f} s in {passed:.2f} s", *where)
    return not second.ended
