"""Data requests: asked as the offer has them, answered, reported to, stopped."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from edge.certifying.checks import Verdict
from edge.certifying.scripts import SCRIPTS
from protocols.ieee20601.agent_data_requests import DataRequestService
from protocols.ieee20601.apdus import DataApdu, Prst, decode_apdu, encode_apdu
from protocols.ieee20601.association import DataRequestFlags
from protocols.ieee20601.events import (
    AgentEvent,
    DataRequestEnded,
    DataRequestStarted,
    OctetsDiscarded,
)
from protocols.ieee20601.remote_operations import EventReport, RorsConfirmedAction
from protocols.ieee20601.report_building import Entry, Report, fixed_report
from protocols.ieee20601.requests import ACT_DATA_REQUEST, DATA_RESPONSE, DataRequest
from protocols.ieee20601.states import State
from tests.unit.edge.certifying.examined import Change, Examined, failed, found
from tests.unit.protocols.ieee20601.pair import OXIMETER, START, local_clock

WHOLE = SCRIPTS[0]
F = DataRequestFlags
PERIODS = F.SCOPE_ALL | F.MODE_TIME_PERIOD | F.STOP


def report_to(req_id: int, number: int = 0) -> Report:
    entries = [
        Entry(handle=handle, value=Decimal(97), stamp=local_clock(START)) for handle in (1, 10)
    ]
    return fixed_report(OXIMETER.configuration, entries, scan_report_no=number, data_req_id=req_id)


class Served(Examined):
    """It measures once a second for whoever asked; `stubborn`: after a stop as well."""

    def __init__(
        self, flags: int, *, change: Change = lambda octets: octets, stubborn: bool = False
    ) -> None:
        self.asked: int | None = None
        self.due = 0.0
        self.number = 0
        self.stubborn = stubborn
        self.kept = b""
        service = DataRequestService(flags=int(flags), room=1, values=self.current)
        super().__init__(data_requests=service, change=change)

    def current(self, request: DataRequest) -> Report:
        return report_to(request.req_id)

    def take(self, event: AgentEvent | OctetsDiscarded) -> None:
        match event:
            case DataRequestStarted(req_id=req_id):
                self.asked = req_id
            case DataRequestEnded():
                self.asked = None
                if self.stubborn:
                    self.agent.send_octets(self.kept)

    def speak(self) -> None:
        if self.agent.state is not State.OPERATING or self.asked is None or self.now < self.due:
            return
        self.due = self.now + 1.0
        self.agent.send_report(report_to(self.asked, self.number), confirmed=False, now=self.now)
        self.number += 1


@pytest.mark.parametrize(
    "flags",
    [
        PERIODS,
        F.SCOPE_CLASS | F.MODE_TIME_NO_LIMIT | F.STOP,
        F.SCOPE_HANDLE | F.MODE_TIME_PERIOD | F.STOP,
    ],
    ids=["all for a period", "a class until stopped", "handles for a period"],
)
def test_a_device_that_serves_what_it_offers_passes(flags: DataRequestFlags) -> None:
    record = Served(flags).run(WHOLE)
    assert failed(record) == {}
    for number in (1, 2, 3):
        assert found(record, f"DATA-{number}").verdict is Verdict.PASS


def test_a_single_response_carries_the_id_and_needs_no_stop() -> None:
    record = Served(F.SCOPE_ALL | F.MODE_SINGLE_RESPONSE).run(WHOLE)
    assert failed(record) == {}
    assert found(record, "DATA-2").verdict is Verdict.PASS
    assert found(record, "DATA-3").verdict is Verdict.NOT_TRIED


def test_without_stop_nothing_is_stopped() -> None:
    record = Served(F.SCOPE_ALL | F.MODE_TIME_PERIOD).run(WHOLE)
    assert failed(record) == {}
    assert found(record, "DATA-3").detail == "its offer does not let a request be stopped"


@pytest.mark.parametrize("flags", [F.AGENT_INITIATED, F.SCOPE_ALL, F.MODE_TIME_PERIOD])
def test_nothing_is_asked_that_is_not_offered(flags: DataRequestFlags) -> None:
    record = Served(flags).run(WHOLE)
    assert found(record, "DATA-1").detail == "its offer serves none"


def changed(kind: type, old: str, new: str) -> Change:
    """Other octets in every message of a kind."""

    def change(octets: bytes) -> bytes:
        apdu = decode_apdu(octets)
        if not isinstance(apdu, Prst) or not isinstance(apdu.data.message, kind):
            return octets
        return bytes.fromhex(octets.hex().replace(old, new))

    return change


def refused(octets: bytes) -> bytes:
    """Every answer to a data request says that its scope is not served."""
    apdu = decode_apdu(octets)
    message = apdu.data.message if isinstance(apdu, Prst) else None
    if not isinstance(message, RorsConfirmedAction) or message.action_type != ACT_DATA_REQUEST:
        return octets
    response = replace(DATA_RESPONSE.decode(message.action_info), result=3)
    again = replace(message, action_info=DATA_RESPONSE.encode(response))
    assert isinstance(apdu, Prst)
    return encode_apdu(Prst(DataApdu(apdu.data.invoke_id, again)))


def test_a_device_that_does_not_serve_what_it_offers_is_told() -> None:
    record = Served(PERIODS, change=refused).run(WHOLE)
    assert failed(record) == {"DATA-1": "result 3"}


def test_reports_to_another_request_are_told() -> None:
    record = Served(PERIODS, change=changed(EventReport, "00420", "00430")).run(WHOLE)
    assert failed(record)["DATA-2"] == "request 67 where 66 was asked"


def test_a_single_response_to_another_request_is_told() -> None:
    change = changed(RorsConfirmedAction, "00420000", "00430000")
    record = Served(F.SCOPE_ALL | F.MODE_SINGLE_RESPONSE, change=change).run(WHOLE)
    assert failed(record) == {"DATA-2": "request 67 where 66 was asked"}


def test_a_device_that_reports_on_after_it_was_stopped_is_told() -> None:
    examined = Served(PERIODS, stubborn=True)

    def listen(octets: bytes) -> bytes:
        apdu = decode_apdu(octets)
        if isinstance(apdu, Prst) and isinstance(apdu.data.message, EventReport):
            examined.kept = octets
        return octets

    examined.change = listen
    assert failed(examined.run(WHOLE))["DATA-3"] == "a report came after it"
