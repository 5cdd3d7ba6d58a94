"""Which segments are meant: the octets of every selection, and back."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601.attribute_values import BaseOffsetTime
from protocols.ieee20601.segment_selection import (
    AbsoluteTimeRange,
    AllSegments,
    BaseOffsetTimeRange,
    SegmentIds,
    SegmentRange,
    read_selection,
    request_clear,
    request_ids,
    request_infos,
    write_selection,
)
from protocols.mder.times import AbsoluteTime

NOON = AbsoluteTime(bytes.fromhex("2026112312000000"))
LATER = AbsoluteTime(bytes.fromhex("2026112313000000"))
ZERO = BaseOffsetTime(0, 0, 0)
HOUR = BaseOffsetTime(3600, 0, 120)


@pytest.mark.parametrize(
    ("selection", "octets"),
    [
        pytest.param(AllSegments(), "0001 0002 0000", id="all"),
        pytest.param(SegmentIds((16, 17)), "0002 0008 0002 0004 0010 0011", id="a list"),
        pytest.param(
            AbsoluteTimeRange(NOON, LATER), "0003 0010 2026112312000000 2026112313000000", id="time"
        ),
        pytest.param(
            BaseOffsetTimeRange(ZERO, HOUR),
            "0004 0010 0000000000000000 00000E1000000078",
            id="base-offset time",
        ),
    ],
)
def test_a_selection_has_these_octets_and_is_read_again(
    selection: SegmentRange, octets: str
) -> None:
    assert write_selection(selection) == bytes.fromhex(octets)
    assert read_selection(bytes.fromhex(octets)) == selection


@pytest.mark.parametrize("octets", ["0005 0000", "0002 0002 0001", "0003 0008 2026112312000000"])
def test_a_selection_of_another_kind_or_cut_short_is_refused(octets: str) -> None:
    with pytest.raises(DecodeError):
        read_selection(bytes.fromhex(octets))


def test_requests_name_their_action_and_store() -> None:
    requests = [ask(0x0100, AllSegments()) for ask in (request_infos, request_ids, request_clear)]
    assert [request.action_type for request in requests] == [3085, 3102, 3084]
    assert {request.handle for request in requests} == {0x0100}
    assert {request.action_info for request in requests} == {write_selection(AllSegments())}
