"""Values wait, in order, and those without room are counted."""

from __future__ import annotations

import pytest

from edge.errors import TransportClosedError
from edge.transports.ble.base import Attribute, ReceivedValue
from edge.transports.ble.values import ValueQueue
from protocols.gatt.base import Property
from protocols.gatt.uuids import assigned_uuid
from tests.unit.edge.making import NOON

SOURCE = Attribute(assigned_uuid(0x1822), assigned_uuid(0x2A5F), 3, Property.NOTIFY)


def value(number: int) -> ReceivedValue:
    return ReceivedValue(SOURCE, bytes((number,)), float(number), NOON)


async def test_what_came_before_the_end_is_still_taken() -> None:
    queue = ValueQueue(most=2)
    for number in range(3):
        queue.put(value(number))
    assert queue.lost == 1
    queue.end("gone")
    queue.end("later")
    assert queue.is_over
    assert [item.octets for item in await queue.take()] == [b"\0", b"\1"]
    with pytest.raises(TransportClosedError, match="gone"):
        await queue.take()
