"""An agent takes the data requests it can serve, and answers the others with their results."""

from __future__ import annotations

from protocols.ieee20601.agent_data_requests import AgentDataRequests, DataRequestService
from protocols.ieee20601.data_requests import (
    EVERYTHING,
    Lasting,
    Scope,
    go_on,
    start,
    stop,
)
from protocols.ieee20601.report_building import variable_report
from protocols.ieee20601.requests import DataReqResult as R
from tests.unit.protocols.ieee20601.scanned import scanning
from tests.unit.protocols.ieee20601.test_data_requests import ALL

CONFIGURATION = scanning()
FOR_A_WHILE = start(1, EVERYTHING, Lasting.PERIOD, seconds=1.0)
ENDLESS = start(2, EVERYTHING, Lasting.UNTIL_STOPPED)


def requests(room: int = 2, persons: frozenset[int] | None = None) -> AgentDataRequests:
    return AgentDataRequests(DataRequestService(flags=ALL, room=room, persons=persons))


def test_a_request_goes_on_until_it_is_stopped_or_over() -> None:
    served = requests()
    assert served.answer(FOR_A_WHILE, CONFIGURATION) is R.NO_ERROR
    assert served.answer(ENDLESS, CONFIGURATION) is R.NO_ERROR
    assert 1 in served
    served.end(1)
    assert 1 not in served
    assert served.answer(stop(ENDLESS), CONFIGURATION) is R.NO_ERROR
    assert 2 not in served
    assert served.answer(stop(ENDLESS), CONFIGURATION) is R.INVALID_REQ_ID


def test_a_period_can_be_continued_and_nothing_else() -> None:
    served = requests()
    assert served.answer(go_on(FOR_A_WHILE), CONFIGURATION) is R.INVALID_REQ_ID
    served.answer(FOR_A_WHILE, CONFIGURATION)
    assert served.answer(go_on(FOR_A_WHILE), CONFIGURATION) is R.NO_ERROR
    assert served.answer(FOR_A_WHILE, CONFIGURATION) is R.INVALID_REQ_ID
    assert served.answer(go_on(ENDLESS), CONFIGURATION) is R.CONTINUATION_NOT_SUPPORTED


def test_only_as_many_go_on_as_there_is_room_for() -> None:
    served = requests(room=1)
    assert served.answer(FOR_A_WHILE, CONFIGURATION) is R.NO_ERROR
    assert served.answer(ENDLESS, CONFIGURATION) is R.INIT_MANAGER_OVERFLOW
    # One that is answered at once needs no room, and continuing takes no more.
    assert served.answer(start(9, EVERYTHING, Lasting.ONCE), CONFIGURATION) is R.NO_ERROR
    assert 9 not in served
    assert served.answer(go_on(FOR_A_WHILE), CONFIGURATION) is R.NO_ERROR


def test_persons_classes_and_handles_must_be_known() -> None:
    served = requests(persons=frozenset({7}))
    stranger = start(1, EVERYTHING, Lasting.ONCE, person=8)
    assert served.answer(stranger, CONFIGURATION) is R.UNKNOWN_PERSON_ID
    known = start(1, EVERYTHING, Lasting.ONCE, person=7)
    assert served.answer(known, CONFIGURATION) is R.NO_ERROR
    anybody = start(1, EVERYTHING, Lasting.ONCE, person=8)
    assert requests().answer(anybody, CONFIGURATION) is R.NO_ERROR
    handles = start(1, Scope(handles=(99,)), Lasting.ONCE)
    assert served.answer(handles, CONFIGURATION) is R.UNKNOWN_HANDLE


def test_an_agent_serves_no_data_requests_unless_told() -> None:
    served = AgentDataRequests(DataRequestService())
    assert served.answer(FOR_A_WHILE, CONFIGURATION) is R.NO_SCOPE_ALL_SUPPORT
    assert served.current(FOR_A_WHILE) is None


def test_a_single_response_carries_what_the_device_measures_now() -> None:
    report = variable_report(CONFIGURATION, (), data_req_id=1)
    service = DataRequestService(flags=ALL, values=lambda _request: report)
    assert AgentDataRequests(service).current(FOR_A_WHILE) is report
    assert report.data_req_id == 1
