"""What a segment says about itself."""

from __future__ import annotations

from datetime import timedelta

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import BaseOffsetTime, SegmentEntryMap, SegmentStatistic
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.persistent_store import SEGMENT_INFOS, SegmentInfo
from protocols.ieee20601.segment_facts import (
    SegmentFacts,
    clear_seconds_of,
    read_adjustment,
    read_segment,
)
from protocols.mder.times import UNKNOWN_ABSOLUTE_TIME, AbsoluteTime
from tests.vectors import own_apdus

ENTRY_MAP: SegmentEntryMap = at.PM_SEG_MAP.decode(own_apdus.SEGMENT_MAP)
NO_HEADER = SegmentEntryMap(0, ENTRY_MAP.elements)
NOON = AbsoluteTime(bytes.fromhex("2026112312000000"))


def facts_of(*attributes: AttributeValue, instance: int = 16) -> SegmentFacts:
    notes: list[str] = []
    facts = read_segment(SegmentInfo(instance, attributes), notes)
    assert notes == []
    return facts


def test_every_attribute_of_a_segment_is_read() -> None:
    mean = SegmentStatistic(3, bytes(4))
    facts = facts_of(
        at.PM_SEG_MAP.of(ENTRY_MAP),
        at.SEG_USAGE_CNT.of(800),
        at.PM_SEG_LABEL_STRING.of(b"Dose Log\0\0"),
        at.PM_SEG_PERSON_ID.of(2),
        at.OP_STAT.of(1),
        at.TIME_START_SEG.of(NOON),
        at.TIME_END_SEG.of(NOON),
        at.TIME_START_SEG_BO.of(BaseOffsetTime(1, 0, 0)),
        at.TIME_END_SEG_BO.of(BaseOffsetTime(2, 0, 0)),
        at.TIME_ABS_ADJUST.of(bytes.fromhex("FFFFFFFFFF9C")),
        at.TRANSFER_TIMEOUT.of(160_000),
        at.CLEAR_TIMEOUT.of(80_000),
        at.CONFIRM_TIMEOUT.of(8_000),
        at.SEG_STATS.of((mean,)),
    )
    assert (facts.entry_map, facts.usage, facts.label, facts.person) == (
        ENTRY_MAP,
        800,
        "Dose Log",
        2,
    )
    assert facts.is_recording is True
    assert (facts.start, facts.end) == (NOON, NOON)
    assert (facts.start_bo, facts.end_bo) == (BaseOffsetTime(1, 0, 0), BaseOffsetTime(2, 0, 0))
    assert facts.adjustment == timedelta(seconds=-1)
    assert (facts.transfer_seconds, facts.clear_seconds, facts.confirm_seconds) == (20.0, 10.0, 1.0)
    assert facts.statistics == (mean,)


def test_a_segment_that_says_nothing_leaves_everything_open() -> None:
    facts = facts_of()
    assert facts == SegmentFacts(instance=16, identity=facts.identity)
    assert facts.has_times is False


def test_what_cannot_be_read_is_a_sentence() -> None:
    notes: list[str] = []
    info = SegmentInfo(16, (AttributeValue(at.SEG_USAGE_CNT.attribute_id, b"\0"),))
    assert read_segment(info, notes).usage is None
    assert len(notes) == 1
    assert notes[0].startswith("segment 16: MDC_ATTR_SEG_USAGE_CNT cannot be read")


def test_the_identity_stays_while_the_segment_fills_and_changes_with_the_segment() -> None:
    lasting = (at.PM_SEG_MAP.of(ENTRY_MAP), at.TIME_START_SEG.of(NOON))
    first = facts_of(*lasting, at.SEG_USAGE_CNT.of(3)).identity
    assert facts_of(*lasting, at.SEG_USAGE_CNT.of(9), at.OP_STAT.of(1)).identity == first
    assert facts_of(*lasting, instance=17).identity != first
    assert facts_of(*lasting, at.PM_SEG_LABEL_STRING.of(b"night")).identity != first


def test_entries_have_times_by_their_header_or_their_segment_s_start() -> None:
    assert facts_of(at.PM_SEG_MAP.of(ENTRY_MAP)).has_times
    assert facts_of(at.PM_SEG_MAP.of(NO_HEADER), at.TIME_START_SEG.of(NOON)).has_times
    assert facts_of(at.TIME_START_SEG_BO.of(BaseOffsetTime(1, 0, 0))).has_times
    unset = at.TIME_START_SEG.of(UNKNOWN_ABSOLUTE_TIME)
    assert not facts_of(at.PM_SEG_MAP.of(NO_HEADER), unset).has_times


def test_an_adjustment_counts_hundredths_of_a_second_with_a_sign() -> None:
    assert read_adjustment(bytes.fromhex("000000057E40")) == timedelta(hours=1)
    assert read_adjustment(bytes.fromhex("800000000000")).days < -500_000


def test_a_store_names_a_clear_timeout_or_none() -> None:
    assert clear_seconds_of((at.CLEAR_TIMEOUT.of(16_000),)) == 2.0
    assert clear_seconds_of((at.CLEAR_TIMEOUT.of(0),)) is None
    assert clear_seconds_of(()) is None


def test_the_infos_of_a_real_pen_are_read() -> None:
    (info,) = SEGMENT_INFOS.decode(
        bytes.fromhex(
            "0001006a0010000600640922000200100a4e00364000000300300006008234010002000100040a5600040005"
            "008234020003000100040a66000200060082f0000004000100040a6600020953000200000a58000a0008446f"
            "7365204c6f67097b0004000000030a64000400027100"
        )
    )
    facts = read_segment(info, [])
    assert (facts.label, facts.usage, facts.transfer_seconds) == ("Dose Log", 3, 20.0)
    assert facts.is_recording is False
    assert facts.entry_map is not None
    assert [len(item.value_map) for item in facts.entry_map.elements] == [1, 1, 1]
