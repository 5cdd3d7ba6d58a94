"""Data requests: asked only where the device's offer says that it serves them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from edge.certifying.asking import Examination, ask, has_ended
from edge.certifying.probe import Expect, Incoming, Outcome, Probe
from protocols.errors import DecodeError
from protocols.ieee20601.association import DataRequestFlags, PhdAssociationInformation
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.data_requests import EVERYTHING, Lasting, Scope, is_single, start, stop
from protocols.ieee20601.event_reports import (
    AGENT_INITIATED_DATA,
    ConfigReport,
    decode_event_info,
)
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.remote_operations import (
    MDS_HANDLE,
    EventReport,
    RoivConfirmedAction,
    RorsConfirmedAction,
)
from protocols.ieee20601.requests import (
    ACT_DATA_REQUEST,
    DATA_REQUEST,
    DATA_RESPONSE,
    DataReqResult,
    DataRequest,
    DataResponse,
)

_GROUP: Final = "Data requests"
_REQ_ID: Final = 0x0042
_F = DataRequestFlags


def examine_data_requests(
    probe: Probe,
    offered: PhdAssociationInformation,
    configuration: Configuration,
    seconds: float,
) -> Examination:
    """DATA-1 to DATA-3: one request in the widest form the offer has."""
    request = _served(offered, configuration, seconds)
    if request is None:
        probe.record.leave_out_group(_GROUP, "its offer serves none")
        return True
    incoming, response = yield from _request(probe, request)
    began = response is not None and response.result == DataReqResult.NO_ERROR
    probe.record.judge("DATA-1", began, _in_words(incoming, response), *incoming.evidence)
    if response is None or not began:
        return not has_ended(incoming)
    if is_single(request):
        _judge_response(probe, response, incoming)
        probe.record.leave_out("DATA-3", "it answers once; there is nothing to stop")
        return True
    heard = yield Expect(lambda item: _asked_of(item) is not None or has_ended(item), seconds)
    if has_ended(heard):
        return False
    if heard.outcome is Outcome.CAME:
        probe.take_report(heard, confirm=True)
        named = _asked_of(heard)
        probe.record.judge("DATA-2", named == _REQ_ID, _other_request(named), *heard.evidence)
    else:
        probe.record.leave_out("DATA-2", f"it measured nothing within {seconds:g} s")
    return (yield from _stop(probe, offered, request, seconds))


def _served(
    offered: PhdAssociationInformation, configuration: Configuration, seconds: float
) -> DataRequest | None:
    flags = offered.data_req_flags
    metrics = [item for item in configuration.objects.values() if item.is_metric]
    scopes = (
        (_F.SCOPE_ALL, EVERYTHING),
        (_F.SCOPE_CLASS, Scope(object_class=metrics[0].object_class if metrics else None)),
        (_F.SCOPE_HANDLE, Scope(handles=tuple(item.handle for item in metrics))),
    )
    modes = [(_F.MODE_SINGLE_RESPONSE, Lasting.ONCE)]
    if offered.init_manager:  # how many it lets go on at once
        modes.insert(0, (_F.MODE_TIME_PERIOD, Lasting.PERIOD))
        if flags & _F.STOP:
            modes.insert(1, (_F.MODE_TIME_NO_LIMIT, Lasting.UNTIL_STOPPED))
    scope = next((scope for flag, scope in scopes if flags & flag), None)
    mode = next((mode for flag, mode in modes if flags & flag), None)
    if scope is None or mode is None:
        return None
    return start(_REQ_ID, scope, mode, seconds=4 * seconds)


def _request(
    probe: Probe, request: DataRequest
) -> Generator[Expect, Incoming, tuple[Incoming, DataResponse | None]]:
    octets = DATA_REQUEST.encode(request)
    answered = yield from ask(probe, RoivConfirmedAction(MDS_HANDLE, ACT_DATA_REQUEST, octets))
    message = answered.message
    if not isinstance(message, RorsConfirmedAction):
        return answered.incoming, None
    try:
        return answered.incoming, DATA_RESPONSE.decode(message.action_info)
    except DecodeError:
        return answered.incoming, None


def _in_words(incoming: Incoming, response: DataResponse | None) -> str:
    return incoming.in_words() if response is None else f"result {response.result}"


def _judge_response(probe: Probe, response: DataResponse, incoming: Incoming) -> None:
    named, why = _named(response.event_type, response.event_info)
    detail = why or _other_request(named)
    probe.record.judge("DATA-2", named == _REQ_ID, detail, *incoming.evidence)


def _named(event_type: int, octets: bytes) -> tuple[int | None, str]:
    """The data request that a report names, or why it cannot be told."""
    try:
        info = decode_event_info(event_type, octets)
    except DecodeError as exc:
        return None, str(exc)
    if isinstance(info, ConfigReport | SegmentData):
        return None, "no scan report is in it"
    return info.data_req_id, ""


def _other_request(named: int | None) -> str:
    return f"request {named} where {_REQ_ID} was asked"


def _asked_of(item: Incoming) -> int | None:
    """The manager's request that a report of the MDS names; None for any other message."""
    message = item.message
    if not isinstance(message, EventReport) or message.handle != MDS_HANDLE:
        return None
    named, _ = _named(message.event_type, message.event_info)
    return None if named is None or named >= AGENT_INITIATED_DATA else named


def _stop(
    probe: Probe, offered: PhdAssociationInformation, request: DataRequest, seconds: float
) -> Examination:
    if not offered.data_req_flags & _F.STOP:
        probe.record.leave_out("DATA-3", "its offer does not let a request be stopped")
        return True
    incoming, response = yield from _request(probe, stop(request))
    took = response is not None and response.result == DataReqResult.NO_ERROR
    probe.record.judge("DATA-3", took, _in_words(incoming, response), *incoming.evidence)
    if not took:
        return not has_ended(incoming)
    late = yield Expect(lambda item: _asked_of(item) == _REQ_ID or has_ended(item), seconds)
    probe.take_report(late, confirm=True)
    silent = late.outcome is Outcome.TIMEOUT or has_ended(late)
    probe.record.judge("DATA-3", silent, "a report came after it", *late.evidence)
    return not has_ended(late)
