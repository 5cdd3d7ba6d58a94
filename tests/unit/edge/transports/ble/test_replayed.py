"""A recorded radio link: what is read, what is sent, and what waits for a request."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.errors import AttributeRefusedError, TransportClosedError
from edge.transports.ble.replayed import (
    RecordedDevice,
    RecordedValue,
    ReplayedLink,
    lines_of,
    read_recorded,
)
from protocols.gatt import battery, glucose_measurement, racp_codec
from tests.fixtures.gatt_peer import BAS, GLS, IDENTITY, attribute
from tests.unit.edge.making import NOON

LEVEL = attribute(BAS, battery.LEVEL, 3)
RECORD = attribute(GLS, glucose_measurement.MEASUREMENT, 5)
POINT = attribute(GLS, racp_codec.RECORD_ACCESS, 8)


def link(*values: tuple[int, bytes, int], patience: float = 60.0) -> ReplayedLink:
    """A link that says these values: handle, octets, after how many requests; one a second."""
    recorded = tuple(
        RecordedValue(handle, octets, NOON + timedelta(seconds=place), after)
        for place, (handle, octets, after) in enumerate(values)
    )
    device = read_recorded(
        {"attributes": [], "quirk": "plain", "known_as": IDENTITY.replace("-", "")}, []
    )
    device = RecordedDevice((LEVEL, RECORD, POINT), recorded, device.quirk, device.known_as)
    return ReplayedLink(device, SYSTEM_CLOCK, patience_seconds=patience)


async def test_the_first_value_of_what_can_be_read_is_read_and_the_others_are_sent() -> None:
    one = link((5, b"a", 0), (3, b"\x57", 0), (3, b"\x56", 0))
    await one.subscribe(RECORD)
    await one.pair()
    read = await one.read(LEVEL)
    assert (read.octets, read.utc) == (b"\x57", NOON + timedelta(seconds=1))
    with pytest.raises(AttributeRefusedError, match="no such value"):
        await one.read(LEVEL)
    assert one.utc() == NOON
    sent = await one.receive()
    assert [item.octets for item in sent] == [b"a", b"\x56"]
    assert [item.attribute for item in sent] == [RECORD, LEVEL]
    assert one.utc() == NOON + timedelta(seconds=2)
    with pytest.raises(TransportClosedError, match="recording is over"):
        await one.receive()
    assert one.is_over
    await one.close()


async def test_what_was_never_read_is_refused() -> None:
    with pytest.raises(AttributeRefusedError):
        await link().read(LEVEL)


async def test_an_answer_waits_for_its_request() -> None:
    one = link((5, b"live", 0), (8, b"answer", 1))
    assert [item.octets for item in await one.receive()] == [b"live"]
    answer = asyncio.ensure_future(one.receive())
    await one.write(RECORD, b"")
    await asyncio.wait({answer}, timeout=0.01)
    assert not answer.done()
    await one.write(POINT, b"\x01\x01")
    assert [item.octets for item in await answer] == [b"answer"]


async def test_a_request_that_is_not_made_is_not_waited_for_without_end() -> None:
    one = link((8, b"answer", 1), patience=0.01)
    assert [item.octets for item in await one.receive()] == [b"answer"]


async def test_a_link_that_is_ended_says_why() -> None:
    one = link((5, b"a", 0))
    one.end("the gateway ends")
    with pytest.raises(TransportClosedError, match="the gateway ends"):
        await one.receive()
    assert not one.is_over


def test_requests_and_values_are_told_apart_and_others_left_out() -> None:
    at = NOON.isoformat()
    lines: list[dict[str, object]] = [
        {"dir": "M>A", "hex": "0101", "handle": 8},
        {"dir": "M>A", "hex": "00", "handle": 3},
        {"dir": "A>M", "hex": "06000101", "handle": 8, "utc": at},
        {"dir": "A>M", "hex": "00", "handle": 99, "utc": at},
        {"dir": "A>M", "hex": "00", "utc": at},
    ]
    rows = [
        [item.handle, str(item.uuid), str(item.service), item.properties.value]
        for item in (LEVEL, POINT)
    ]
    header = {"attributes": rows, "quirk": "plain", "known_as": IDENTITY.replace("-", "")}
    device = read_recorded(header, lines)
    assert device.attributes == (LEVEL, POINT)
    assert device.values == (RecordedValue(8, bytes.fromhex("06000101"), NOON, 1),)


def test_one_capture_of_a_file_is_found_and_a_torn_line_is_its_end() -> None:
    text = '{"capture": "vitalwire", "id": "a"}\n{"t": 1}\n\n'
    text += '{"capture": "vitalwire", "id": "b"}\n{"t": 2}\n{"t": 3}\n'
    assert lines_of(text, "a") == ({"capture": "vitalwire", "id": "a"}, [{"t": 1}])
    assert lines_of(text + '{"t": ', "b")[1] == [{"t": 2}, {"t": 3}]
