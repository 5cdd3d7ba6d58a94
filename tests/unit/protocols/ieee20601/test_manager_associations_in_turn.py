"""One connection, several associations: a confirm reaches the report it was meant for, or none."""

from __future__ import annotations

import pytest

from protocols.errors import LocalProtocolError
from protocols.ieee20601.events import ObservationsReported
from protocols.ieee20601.states import State
from tests.unit.protocols.ieee20601.apdu_octets import RLRQ, aarq, abrt, prst, report
from tests.unit.protocols.ieee20601.exchange import FIXED, Bench, mds_answer, spo2

REPORT_ID = 0x10
CONFIRMATION = prst(REPORT_ID, 0x0201, bytes.fromhex("0000 FFFFFFFF 0D1D 0000"))


@pytest.fixture
def bench() -> Bench:
    operating = Bench()
    operating.operate()
    operating.take_events()
    return operating


def take_reports(bench: Bench) -> list[ObservationsReported]:
    return [event for event in bench.take_events() if isinstance(event, ObservationsReported)]


@pytest.mark.parametrize("end", [RLRQ, abrt(0)], ids=["released", "aborted"])
def test_a_confirm_of_the_last_association_does_not_confirm_a_report_of_this_one(
    bench: Bench, end: bytes
) -> None:
    # All in one portion: the driver stores and confirms only after the manager read it all.
    first = report(REPORT_ID, FIXED, spo2(97))
    second = report(REPORT_ID, FIXED, spo2(55, number=1))
    bench.receive(first + end + aarq(config_id=0x0190) + second)
    (told,) = take_reports(bench)
    bench.manager.confirm(REPORT_ID, now=bench.now, association=told.association)
    assert bench.drain() == b""
    bench.receive(mds_answer(1))
    (later,) = take_reports(bench)
    assert later.association != told.association
    bench.manager.confirm(REPORT_ID, now=bench.now, association=told.association)
    assert bench.drain() == b""
    bench.manager.confirm(REPORT_ID, now=bench.now, association=later.association)
    assert bench.drain() == CONFIRMATION


def test_a_report_that_the_driver_was_not_told_of_cannot_be_confirmed() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(REPORT_ID, spo2(97))
    with pytest.raises(LocalProtocolError):
        bench.confirm(REPORT_ID)
    assert bench.drain() == b""
    bench.receive(mds_answer(0))
    assert bench.confirm(REPORT_ID) == CONFIRMATION


def test_a_late_confirm_without_a_name_leaves_a_held_report_alone(bench: Bench) -> None:
    bench.report(REPORT_ID, spo2(97))
    bench.receive(RLRQ + aarq(config_id=0x0190) + report(REPORT_ID, FIXED, spo2(55)))
    assert bench.confirm(REPORT_ID) == b""
    assert bench.is_in(State.OPERATING)


def test_reports_released_at_the_end_name_the_association_they_came_in() -> None:
    bench = Bench()
    bench.receive(aarq(config_id=0x0190))
    bench.report(1, spo2(97), confirmed=False)
    bench.receive(RLRQ)
    bench.operate()
    bench.report(2, spo2(96))
    first, second = take_reports(bench)
    assert first.association != second.association
