"""A scanner is switched by its Operational-State and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.agent_objects import Moment, OperationError
from protocols.ieee20601.agent_scanners import ScannerObject
from protocols.ieee20601.attributes import AttributeValue, find
from protocols.ieee20601.remote_operations import AttributeModification
from protocols.ieee20601.scanners import Scanner, scanners_of
from tests.unit.protocols.ieee20601.scanned import (
    EPISODIC,
    PERIODIC,
    TICKS_A_SECOND,
    episodic,
    periodic,
    scanning,
)

AT = Moment(5.0, datetime(2026, 11, 23, tzinfo=UTC))
STATE = at.OP_STAT.attribute_id


def scanner(handle: int = EPISODIC) -> tuple[ScannerObject, list[tuple[int, bool, float]]]:
    configuration = scanning(episodic(at.SCAN_REP_PD_MIN.of(2 * TICKS_A_SECOND)), periodic())
    switched: list[tuple[int, bool, float]] = []

    def tell(told: Scanner, enabled: bool, now: float) -> None:
        switched.append((told.handle, enabled, now))

    described = scanners_of(configuration)[handle]
    return ScannerObject(configuration.objects[handle], described, tell), switched


def test_a_set_switches_it_once() -> None:
    subject, switched = scanner()
    (value,) = subject.judge((AttributeModification(0, STATE, b"\x00\x01"),))
    assert not subject.enabled
    subject.adopt(value, AT)
    subject.adopt(value, AT)
    assert subject.enabled
    assert switched == [(EPISODIC, True, 5.0)]
    subject.adopt(AttributeValue(STATE, b"\x00\x00"), AT)
    assert switched[1:] == [(EPISODIC, False, 5.0)]


@pytest.mark.parametrize(
    "change",
    [
        AttributeModification(0, STATE, b"\x00\x02"),
        AttributeModification(1, STATE, b"\x00\x01"),
        AttributeModification(0, at.CONFIRM_MODE.attribute_id, b"\x00\x01"),
    ],
    ids=["not available", "add values", "other attribute"],
)
def test_nothing_else_can_be_set(change: AttributeModification) -> None:
    subject, _ = scanner()
    with pytest.raises(OperationError, match="24"):
        subject.judge((AttributeModification(0, STATE, b"\x00\x01"), change))
    assert not subject.enabled


def test_a_state_of_the_wrong_length_cannot_be_read() -> None:
    subject, _ = scanner()
    with pytest.raises(DecodeError):
        subject.judge((AttributeModification(0, STATE, b"\x01"),))


def test_a_get_tells_the_state_of_now() -> None:
    subject, _ = scanner()
    assert find(subject.read(AT), at.OP_STAT) == 0
    assert find(subject.read(AT), at.ID_HANDLE) == EPISODIC
    subject.adopt(AttributeValue(STATE, b"\x00\x01"), AT)
    assert find(subject.read(AT), at.OP_STAT) == 1
    assert find(subject.read(AT), at.SCAN_REP_PD_MIN) == 2 * TICKS_A_SECOND


def test_an_episodic_scanner_keeps_its_shortest_interval() -> None:
    subject, _ = scanner()
    assert subject.earliest_report(7.0) == 7.0
    subject.reported(7.0)
    assert subject.earliest_report(8.0) == 9.0
    assert subject.earliest_report(10.0) == 10.0
    by_the_clock, _ = scanner(PERIODIC)
    by_the_clock.reported(7.0)
    assert by_the_clock.earliest_report(7.0) == 7.0
