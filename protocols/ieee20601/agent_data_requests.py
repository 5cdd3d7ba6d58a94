"""The data requests an agent serves: which go on, and what each new one is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from protocols.ieee20601.association import DataRequestFlags
from protocols.ieee20601.configuration import Configuration
from protocols.ieee20601.data_requests import (
    DataReqMode,
    is_continuation,
    is_single,
    is_start,
    lasts,
    unknown,
    unsupported,
)
from protocols.ieee20601.report_building import Report
from protocols.ieee20601.requests import DataReqResult, DataRequest

DataSource = Callable[[DataRequest], Report | None]
"""The values of now for a single response, built with the request's `req_id`; None for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRequestService:
    """How an agent serves data requests; it serves none unless told.

    `flags`: see `DataRequestFlags`. `room`: how many may go on at once
    (data-req-init-manager-count of the association request). `persons`: the person ids it knows,
    None for any. `values` gives the answers to single responses.
    """

    flags: int = DataRequestFlags.AGENT_INITIATED
    room: int = 0
    persons: frozenset[int] | None = None
    values: DataSource = lambda _request: None


class AgentDataRequests:
    """Requests of one association that go on."""

    def __init__(self, service: DataRequestService) -> None:
        self._service = service
        self._active: dict[int, DataRequest] = {}

    def __contains__(self, req_id: int) -> bool:
        return req_id in self._active

    def answer(self, request: DataRequest, configuration: Configuration) -> DataReqResult:
        """Take or refuse a request; a refusal changes nothing (DataReqResult)."""
        result = unsupported(request, self._service.flags)
        if result is not DataReqResult.NO_ERROR:
            return result
        is_active = request.req_id in self._active
        if not is_start(request):
            if not is_active:
                return DataReqResult.INVALID_REQ_ID
            del self._active[request.req_id]
            return DataReqResult.NO_ERROR
        result = unknown(request, configuration)
        if result is not DataReqResult.NO_ERROR:
            return result
        return self._begin(request, is_active=is_active)

    def _begin(self, request: DataRequest, *, is_active: bool) -> DataReqResult:
        persons = self._service.persons
        asks_person = request.mode & DataReqMode.PERSON_ID
        if asks_person and persons is not None and request.person not in persons:
            return DataReqResult.UNKNOWN_PERSON_ID
        if is_continuation(request) and lasts(request) is None:
            return DataReqResult.CONTINUATION_NOT_SUPPORTED
        if is_active != is_continuation(request):
            return DataReqResult.INVALID_REQ_ID
        if is_single(request):
            return DataReqResult.NO_ERROR
        if not is_active and len(self._active) >= self._service.room:
            return DataReqResult.INIT_MANAGER_OVERFLOW
        self._active[request.req_id] = request
        return DataReqResult.NO_ERROR

    def end(self, req_id: int) -> None:
        """Its time is over."""
        self._active.pop(req_id, None)

    def current(self, request: DataRequest) -> Report | None:
        """The report a single response carries."""
        return self._service.values(request)
