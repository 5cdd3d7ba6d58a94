"""PM-stores: transfer requests, segment infos, pages and their confirmation."""

from __future__ import annotations

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue, find
from protocols.ieee20601.event_reports import EventType
from protocols.ieee20601.persistent_store import (
    SEGMENT_DATA,
    SEGMENT_INFOS,
    SegmentData,
    SegmentInfo,
    SegmentStatus,
    confirm_segment_data,
    trigger_transfer,
)
from protocols.ieee20601.remote_operations import RoivConfirmedEventReport
from tests.vectors import own_apdus

PAGE: SegmentData = SEGMENT_DATA.decode(own_apdus.SEGMENT_PAGE)


def test_a_transfer_request_names_its_segment() -> None:
    assert trigger_transfer(0x0100, 16).action_info.hex() == "0010"


def test_segment_infos_are_read_by_their_attributes() -> None:
    info = SegmentInfo(16, (AttributeValue(at.PM_SEG_MAP.attribute_id, own_apdus.SEGMENT_MAP),))
    (read,) = SEGMENT_INFOS.decode(SEGMENT_INFOS.encode((info,)))
    assert find(read.attributes, at.PM_SEG_MAP) == at.PM_SEG_MAP.decode(own_apdus.SEGMENT_MAP)
    assert find(read.attributes, at.CLEAR_TIMEOUT) is None


def test_a_page_is_confirmed_with_its_own_description() -> None:
    report = RoivConfirmedEventReport(0x0100, 0, EventType.SEGMENT_DATA, b"")
    reply = confirm_segment_data(report, PAGE)
    assert reply.event_reply_info.hex() == "001000000000000000020080"
    stop = confirm_segment_data(report, PAGE, SegmentStatus.MANAGER_ABORT)
    assert stop.event_reply_info.hex()[-4:] == "0008"
