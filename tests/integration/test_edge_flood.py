"""One device that floods the gateway must not hold up another one's confirms."""

from __future__ import annotations

import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from protocols.ieee20601.report_building import Entry, fixed_report
from protocols.model.codes import SystemId
from protocols.specializations.pulse_oximeter import SPECIALIZATION, SPO2_HANDLE
from tests.fixtures.gateway import Gateway
from tests.fixtures.oximeter import Oximeter, connect, stamp_of

FLOODER = SystemId(bytes.fromhex("0A0B0C0D0E0F00FF"))
NEIGHBOUR = SystemId(bytes.fromhex("0A0B0C0D0E0F0002"))
# A confirm must be well under TO_cer; the machine of a test may hiccup once, TO_cer still holds.
USUAL_SECONDS = 1.0
MOST_SECONDS = 3.0

Flood = Callable[[Oximeter], bytes]


def many_gets(oximeter: Oximeter) -> bytes:
    """A hundred requests of the MDS object, each of which asks for an answer."""
    del oximeter
    data = struct.pack(">HHHHHH", 1, 0x0103, 6, 0, 0, 0)
    return (struct.pack(">HHH", 0xE700, len(data) + 2, len(data)) + data) * 100


def large_reports(oximeter: Oximeter) -> bytes:
    """One report as large as an APDU may be, all its readings of other times."""
    entries = [
        Entry(handle=SPO2_HANDLE, value=Decimal(97), stamp=stamp_of(number))
        for number in range(2000)
    ]
    report = fixed_report(SPECIALIZATION.configuration, entries)
    oximeter.agent.send_report(report, confirmed=False, now=time.monotonic())
    return b"".join(oximeter.agent.data_to_send())


@contextmanager
def flood(gateway: Gateway, octets_of: Flood, *, reads: bool) -> Iterator[None]:
    """An associated agent that sends without end, and again when it is thrown out."""
    ended, began = threading.Event(), threading.Event()

    def run() -> None:
        while not ended.is_set():
            line = connect(gateway.agents)
            try:
                oximeter = Oximeter(line, system_id=FLOODER)
                oximeter.associate()
                octets = octets_of(oximeter)
                while not ended.is_set():
                    line.send(octets)
                    began.set()
                    if reads:
                        line.receive(0)
            except (OSError, AssertionError):
                continue
            finally:
                line.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert began.wait(20)
        yield
    finally:
        ended.set()
        thread.join()


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    gateway = Gateway.start(tmp_path, "[transports]\nwrite_timeout_seconds = 1.0\n")
    yield gateway
    gateway.kill()


@pytest.mark.parametrize(
    ("octets_of", "reads"), [(many_gets, False), (many_gets, True), (large_reports, False)]
)
def test_a_neighbour_is_confirmed_in_time_while_another_device_floods(
    gateway: Gateway, octets_of: Flood, reads: bool
) -> None:
    line = connect(gateway.agents)
    neighbour = Oximeter(line, system_id=NEIGHBOUR)
    neighbour.associate()
    took = []
    with flood(gateway, octets_of, reads=reads):
        for number in range(20):
            began = time.monotonic()
            neighbour.send_confirmed(number)
            took.append(time.monotonic() - began)
    line.close()
    took.sort()
    assert took[-2] < USUAL_SECONDS, took
    assert took[-1] < MOST_SECONDS, took
