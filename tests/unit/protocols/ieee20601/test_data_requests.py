"""Data requests: what is asked for, and what an agent's capabilities make of it."""

from __future__ import annotations

import pytest

from protocols.ieee20601.association import DataRequestFlags as Can
from protocols.ieee20601.data_requests import (
    EVERYTHING,
    DataReqMode,
    Lasting,
    Scope,
    covered,
    go_on,
    is_continuation,
    is_single,
    is_start,
    lasts,
    start,
    stop,
    unknown,
    unsupported,
)
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.remote_operations import RoivConfirmedAction
from protocols.ieee20601.requests import (
    ACT_DATA_REQUEST,
    DATA_REQUEST,
    DataReqResult,
    DataRequest,
)
from tests.unit.protocols.ieee20601.scanned import scanning

ALL = (
    Can.STOP
    | Can.SCOPE_ALL
    | Can.SCOPE_CLASS
    | Can.SCOPE_HANDLE
    | Can.MODE_SINGLE_RESPONSE
    | Can.MODE_TIME_PERIOD
    | Can.MODE_TIME_NO_LIMIT
    | Can.PERSON_ID
)
NUMERICS = Scope(object_class=ObjectClass.NUMERIC)
R = DataReqResult


def test_a_single_request_of_a_class_has_the_octets_of_the_standards_annex() -> None:
    # 20601 annex H.2.4.3: numeric objects, answered at once.
    request = start(0x0100, NUMERICS, Lasting.ONCE)
    message = RoivConfirmedAction(0, ACT_DATA_REQUEST, DATA_REQUEST.encode(request))
    assert message.action_info.hex() == "01008480000000000000000600000000"
    assert is_single(request)
    assert is_start(request)


def test_a_period_is_told_in_ticks_and_kept_within_their_range() -> None:
    request = start(1, EVERYTHING, Lasting.PERIOD, seconds=30.0)
    assert request.time == 240_000
    assert lasts(request) == 30.0
    assert start(1, EVERYTHING, Lasting.PERIOD, seconds=1e9).time == 0xFFFF_FFFF
    assert start(1, EVERYTHING, Lasting.PERIOD, seconds=-1.0).time == 0
    assert lasts(start(1, EVERYTHING, Lasting.UNTIL_STOPPED, seconds=5.0)) is None


def test_going_on_and_stopping_keep_the_scope() -> None:
    request = start(1, Scope(handles=(1, 10)), Lasting.PERIOD, seconds=1.0, person=7)
    assert is_continuation(go_on(request))
    assert is_start(go_on(request))
    assert not is_start(stop(request))
    assert stop(request).handles == (1, 10)
    assert request.person == 7
    assert request.mode & DataReqMode.PERSON_ID


@pytest.mark.parametrize(
    ("request_", "flags", "result"),
    [
        (start(1, EVERYTHING, Lasting.ONCE), ALL, R.NO_ERROR),
        (stop(start(1, EVERYTHING, Lasting.ONCE)), ALL, R.NO_ERROR),
        (stop(start(1, EVERYTHING, Lasting.ONCE)), ALL & ~Can.STOP, R.NO_STOP_SUPPORT),
        (start(1, EVERYTHING, Lasting.ONCE), 0, R.NO_SCOPE_ALL_SUPPORT),
        (start(1, NUMERICS, Lasting.ONCE), 0, R.NO_SCOPE_CLASS_SUPPORT),
        (start(1, Scope(handles=(1,)), Lasting.ONCE), 0, R.NO_SCOPE_HANDLE_SUPPORT),
        (
            start(1, EVERYTHING, Lasting.ONCE),
            Can.SCOPE_ALL,
            R.NO_MODE_SINGLE_RESPONSE_SUPPORT,
        ),
        (start(1, EVERYTHING, Lasting.PERIOD), Can.SCOPE_ALL, R.NO_MODE_TIME_PERIOD_SUPPORT),
        (
            start(1, EVERYTHING, Lasting.UNTIL_STOPPED),
            Can.SCOPE_ALL,
            R.NO_MODE_TIME_NO_LIMIT_SUPPORT,
        ),
        (
            start(1, EVERYTHING, Lasting.ONCE, person=1),
            ALL & ~Can.PERSON_ID,
            R.NO_PERSON_ID_SUPPORT,
        ),
        (start(0xF000, EVERYTHING, Lasting.ONCE), ALL, R.INVALID_REQ_ID),
        (DataRequest(1, 0x8080, 0, 0, 0, ()), ALL, R.UNSUPPORTED_SCOPE),
        (DataRequest(1, 0x8E80, 0, 0, 0, ()), ALL, R.UNSUPPORTED_SCOPE),
        (DataRequest(1, 0x8800, 0, 0, 0, ()), ALL, R.UNSUPPORTED_MODE),
        (DataRequest(1, 0x88C0, 0, 0, 0, ()), ALL, R.UNSUPPORTED_MODE),
    ],
)
def test_what_an_agent_cannot_serve_has_its_own_result(
    request_: DataRequest, flags: int, result: DataReqResult
) -> None:
    assert unsupported(request_, flags) is result


def test_a_request_covers_metrics_of_its_scope_only() -> None:
    configuration = scanning()
    assert covered(start(1, EVERYTHING, Lasting.ONCE), configuration) == (1, 10)
    assert covered(start(1, NUMERICS, Lasting.ONCE), configuration) == (1, 10)
    assert covered(start(1, Scope(handles=(10,)), Lasting.ONCE), configuration) == (10,)
    waves = start(1, Scope(object_class=ObjectClass.SAMPLE_ARRAY), Lasting.ONCE)
    assert covered(waves, configuration) == ()


def test_unknown_classes_and_handles_are_told_apart() -> None:
    configuration = scanning()
    waves = start(1, Scope(object_class=ObjectClass.SAMPLE_ARRAY), Lasting.ONCE)
    assert unknown(waves, configuration) is R.UNKNOWN_CLASS
    stranger = start(1, Scope(handles=(1, 99)), Lasting.ONCE)
    assert unknown(stranger, configuration) is R.UNKNOWN_HANDLE
    assert unknown(start(1, EVERYTHING, Lasting.ONCE), configuration) is R.NO_ERROR
