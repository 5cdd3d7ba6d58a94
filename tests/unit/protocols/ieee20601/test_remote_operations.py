"""Messages by their choice, and the time an event report carries."""

from __future__ import annotations

import pytest

from protocols.ieee20601.remote_operations import (
    CHOICE_OF,
    MESSAGES,
    EventReport,
    Roer,
    RorsConfirmedSet,
)
from protocols.mder.times import NO_RELATIVE_TIME


def test_every_choice_has_its_class_and_back() -> None:
    assert {CHOICE_OF[kind] for kind in CHOICE_OF} == set(MESSAGES)
    assert CHOICE_OF[RorsConfirmedSet] == 0x0205


@pytest.mark.parametrize(("written", "ticks"), [(8000, 8000), (NO_RELATIVE_TIME, None)])
def test_an_event_without_a_relative_clock_has_no_ticks(written: int, ticks: int | None) -> None:
    assert EventReport(0, written, 0x0D1D, b"").relative_time == ticks


def test_an_error_keeps_its_parameter_as_octets() -> None:
    error = MESSAGES[0x0300].decode(bytes.fromhex("0009 0002 ABCD"))
    assert error == Roer(9, b"\xab\xcd")
