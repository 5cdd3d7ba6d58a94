"""What a manager asks a PM-store: the octets of every request."""

from __future__ import annotations

import pytest

from protocols.ieee20601.segment_selection import SegmentIds
from protocols.ieee20601.store_requests import (
    ClearSegment,
    GetSegmentIds,
    GetSegments,
    StoreRequest,
    TransferSegment,
)


@pytest.mark.parametrize(
    ("request_", "action", "octets"),
    [
        (GetSegments(256), 3085, "000100020000"),
        (GetSegments(256, SegmentIds((16,))), 3085, "00020006000100020010"),
        (GetSegmentIds(256), 3102, "000100020000"),
        (TransferSegment(256, 16), 3100, "0010"),
        (ClearSegment(256, 16), 3084, "00020006000100020010"),
    ],
)
def test_a_request_has_these_octets(request_: StoreRequest, action: int, octets: str) -> None:
    message = request_.message()
    assert (message.handle, message.action_type) == (256, action)
    assert message.action_info.hex() == octets


def test_a_transfer_names_its_segment() -> None:
    assert TransferSegment(256, 16).key == (256, 16)
