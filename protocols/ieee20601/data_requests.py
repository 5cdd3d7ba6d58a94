"""Data requests: a manager asks an agent for reports (MDC_ACT_DATA_REQUEST, 20601 6.3.2, 7.4.7).

    request = start(req_id, Scope(handles=(1, 10)), Lasting.PERIOD, seconds=30.0)
    request = go_on(request); request = stop(request)
    unsupported(request, flags) -> DataReqResult         what an agent's capabilities do not cover
    unknown(request, configuration) -> DataReqResult     classes and handles nobody has
    covered(request, configuration) -> handles           whose values are asked for

Both roles judge by the same functions: the manager before it asks, the agent before it answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, IntFlag
from typing import Final

from protocols.ieee20601.association import DataRequestFlags
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.event_reports import AGENT_INITIATED_DATA
from protocols.ieee20601.requests import DataReqResult, DataRequest
from protocols.ieee20601.timeouts import TICK_SECONDS

_LONGEST_TICKS: Final = 0xFFFF_FFFF


class DataReqMode(IntFlag):
    """What a data request asks for (DataReqMode); without START and CONTINUATION it stops."""

    START = 0x8000
    CONTINUATION = 0x4000
    SCOPE_ALL = 0x0800
    SCOPE_CLASS = 0x0400
    SCOPE_HANDLE = 0x0200
    SINGLE_RESPONSE = 0x0080
    TIME_PERIOD = 0x0040
    TIME_NO_LIMIT = 0x0020
    PERSON_ID = 0x0008


class Lasting(Enum):
    """How long an agent reports."""

    ONCE = DataReqMode.SINGLE_RESPONSE
    PERIOD = DataReqMode.TIME_PERIOD
    UNTIL_STOPPED = DataReqMode.TIME_NO_LIMIT


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose values are asked for: every object's, those of one class, or some handles'."""

    object_class: int | None = None
    handles: tuple[int, ...] = ()

    @property
    def mode(self) -> DataReqMode:
        """The bit that says which of the three it is."""
        if self.handles:
            return DataReqMode.SCOPE_HANDLE
        return DataReqMode.SCOPE_ALL if self.object_class is None else DataReqMode.SCOPE_CLASS


EVERYTHING: Final = Scope()

_R = DataReqResult
_F = DataRequestFlags
_SCOPES: Final = {
    DataReqMode.SCOPE_ALL: (_F.SCOPE_ALL, _R.NO_SCOPE_ALL_SUPPORT),
    DataReqMode.SCOPE_CLASS: (_F.SCOPE_CLASS, _R.NO_SCOPE_CLASS_SUPPORT),
    DataReqMode.SCOPE_HANDLE: (_F.SCOPE_HANDLE, _R.NO_SCOPE_HANDLE_SUPPORT),
}
_MODES: Final = {
    DataReqMode.SINGLE_RESPONSE: (_F.MODE_SINGLE_RESPONSE, _R.NO_MODE_SINGLE_RESPONSE_SUPPORT),
    DataReqMode.TIME_PERIOD: (_F.MODE_TIME_PERIOD, _R.NO_MODE_TIME_PERIOD_SUPPORT),
    DataReqMode.TIME_NO_LIMIT: (_F.MODE_TIME_NO_LIMIT, _R.NO_MODE_TIME_NO_LIMIT_SUPPORT),
}


def start(
    req_id: int,
    scope: Scope,
    lasting: Lasting,
    *,
    seconds: float = 0.0,
    person: int | None = None,
) -> DataRequest:
    """The request for reports; `seconds` of a period, at most the six days of RelativeTime."""
    mode = DataReqMode.START | scope.mode | lasting.value
    if person is not None:
        mode |= DataReqMode.PERSON_ID
    ticks = round(seconds / TICK_SECONDS) if lasting is Lasting.PERIOD else 0
    return DataRequest(
        req_id=req_id,
        mode=int(mode),
        time=min(max(ticks, 0), _LONGEST_TICKS),
        person=person or 0,
        object_class=scope.object_class or 0,
        handles=scope.handles,
    )


def go_on(request: DataRequest) -> DataRequest:
    """The request that lets a period begin once more, with the same scope."""
    return replace(request, mode=request.mode | int(DataReqMode.CONTINUATION))


def stop(request: DataRequest) -> DataRequest:
    """The request that ends another one."""
    return replace(request, mode=request.mode & ~int(DataReqMode.START), time=0)


def is_start(request: DataRequest) -> bool:
    """Whether reports are asked for, anew or for longer."""
    return bool(request.mode & (DataReqMode.START | DataReqMode.CONTINUATION))


def is_continuation(request: DataRequest) -> bool:
    """Whether an earlier request shall go on."""
    return bool(request.mode & DataReqMode.CONTINUATION)


def is_single(request: DataRequest) -> bool:
    """Whether the values are wanted in the answer itself."""
    return bool(request.mode & DataReqMode.SINGLE_RESPONSE)


def lasts(request: DataRequest) -> float | None:
    """Seconds of a period, None for a request without an end."""
    return request.time * TICK_SECONDS if request.mode & DataReqMode.TIME_PERIOD else None


def unsupported(request: DataRequest, flags: int) -> DataReqResult:
    """Why an agent with these `DataRequestFlags` cannot serve it; NO_ERROR when it can."""
    if request.req_id >= AGENT_INITIATED_DATA:
        return DataReqResult.INVALID_REQ_ID
    if not is_start(request):
        return _R.NO_ERROR if flags & _F.STOP else _R.NO_STOP_SUPPORT
    scopes = [facts for bit, facts in _SCOPES.items() if request.mode & bit]
    modes = [facts for bit, facts in _MODES.items() if request.mode & bit]
    if len(scopes) != 1:
        return DataReqResult.UNSUPPORTED_SCOPE
    if len(modes) != 1:
        return DataReqResult.UNSUPPORTED_MODE
    for needed, lacking in (*scopes, *modes):
        if not flags & needed:
            return lacking
    if request.mode & DataReqMode.PERSON_ID and not flags & _F.PERSON_ID:
        return DataReqResult.NO_PERSON_ID_SUPPORT
    return DataReqResult.NO_ERROR


def unknown(request: DataRequest, configuration: Configuration) -> DataReqResult:
    """Why a configuration has nothing of the kind; NO_ERROR when it has."""
    if request.mode & DataReqMode.SCOPE_CLASS and not covered(request, configuration):
        return DataReqResult.UNKNOWN_CLASS
    handles = request.handles if request.mode & DataReqMode.SCOPE_HANDLE else ()
    if any(configuration.find(handle) is None for handle in handles):
        return DataReqResult.UNKNOWN_HANDLE
    return DataReqResult.NO_ERROR


def covered(request: DataRequest, configuration: Configuration) -> tuple[int, ...]:
    """The handles whose values a request is after."""
    if request.mode & DataReqMode.SCOPE_HANDLE:
        return request.handles
    by_class = request.mode & DataReqMode.SCOPE_CLASS
    return tuple(
        handle
        for handle, item in configuration.objects.items()
        if item.is_metric and (not by_class or item.object_class == request.object_class)
    )
