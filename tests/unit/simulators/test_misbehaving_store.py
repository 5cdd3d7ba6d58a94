"""A night in a store, and what a manager hears when the store or its line misbehaves."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from protocols.ieee20601.persistent_store import SegmentStatus
from protocols.ieee20601.segment_facts import read_segment
from simulators.byte_links import ByteLink
from simulators.devices.misbehaving import misbehave
from simulators.devices.misbehaving_store import StoreFault
from simulators.devices.night_oximeter import (
    ENTRIES_AN_HOUR,
    HOURS,
    IDENTITY,
    PAGE_ENTRIES,
    NightOximeter,
)
from simulators.errors import LinkClosedError
from simulators.patient.vital_signs import Patient
from tests.fixtures.scenarios import ARREST

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def device(fault: StoreFault | None = None) -> NightOximeter:
    made = NightOximeter(IDENTITY, Patient(seed=5, scenario=ARREST, seconds=20))
    made.streams(START)
    if fault is not None:
        made.store.spoil(fault)
    return made


def firsts(made: NightOximeter) -> list[int]:
    """Where the pages of the first hour begin."""
    return [page.first for page in made.store.pages(made.store.segments[1])]


WHOLE = list(range(0, ENTRIES_AN_HOUR, PAGE_ENTRIES))


def test_the_night_is_in_the_store_hour_by_hour() -> None:
    made = device()
    assert [len(segment) for segment in made.store.segments.values()] == [ENTRIES_AN_HOUR] * HOURS
    ends = [read_segment(segment.info(), []).end for segment in made.store.segments.values()]
    last = ends[-1]
    assert last is not None
    assert last.at is not None
    assert last.at < IDENTITY.clock.local(START)
    assert firsts(made) == WHOLE


def test_a_store_that_gives_up_in_mid_segment_does_so_once() -> None:
    made = device(StoreFault.ABORTED)
    pages = list(made.store.pages(made.store.segments[1]))
    assert [page.first for page in pages] == WHOLE[:3]
    assert (pages[-1].count, pages[-1].status) == (0, SegmentStatus.AGENT_ABORT)
    assert firsts(made) == WHOLE


def test_a_gap_leaves_one_page_out_once() -> None:
    made = device(StoreFault.GAP)
    assert firsts(made) == WHOLE[:2] + WHOLE[3:]
    assert firsts(made) == WHOLE


def test_a_wrong_usage_count_promises_more() -> None:
    made = device(StoreFault.WRONG_COUNT)
    facts = read_segment(made.store.segment_info(made.store.segments[1]), [])
    assert facts.usage == ENTRIES_AN_HOUR + 3
    assert facts.label == "hour 1"


class Wire:
    """A line that keeps what was written."""

    address = "test:wire"

    def __init__(self) -> None:
        self.written: list[bytes] = []

    async def connect(self) -> None:
        """Always there."""

    async def read(self) -> bytes:
        return b""

    async def write(self, data: bytes) -> None:
        self.written.append(data)

    async def close(self) -> None:
        """Nothing to hang up."""

    def remove(self) -> None:
        """Nothing stays."""


async def test_a_line_that_is_cut_in_mid_page_is_cut_once() -> None:
    wire = Wire()
    link: ByteLink = misbehave(wire, "cut-in-mid-page", seed=1)
    page = bytes.fromhex("E7000020001E0001010100180100FFFFFFFF0D21") + bytes(16)
    await link.write(page)
    await link.write(page)
    with pytest.raises(LinkClosedError, match="cut"):
        await link.write(page)
    await link.write(page)
    assert wire.written == [page, page, page[:18], page]
