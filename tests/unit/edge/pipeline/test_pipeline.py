"""From a device's words to the buffer: described first, each reading once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from edge.buffer.answers import Appended
from edge.clock import Clock
from edge.errors import BufferFullError
from edge.pipeline.descriptions import DescribedSource, DescriptionBook
from edge.pipeline.duplicates import OnceOnly
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.model.observation import NumericObservation
from protocols.uplink.messages import Content
from tests.unit.edge.making import NOON, OXIMETER, device_info, spo2


@dataclass(slots=True)
class Shelf:
    """A sink that keeps everything in order; it may be full."""

    kept: list[Content] = field(default_factory=list)
    octets: list[str] = field(default_factory=list)
    is_full: bool = False

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        if self.is_full:
            raise BufferFullError("full")
        self.kept += contents
        self.octets.append(octets)
        return Appended(len(contents), 0)


async def test_a_device_that_described_itself_is_described_once() -> None:
    shelf = Shelf()
    source = DescribedSource(shelf, DescriptionBook())
    assert await source.append([device_info()], [spo2(1)]) == Appended(1, 0)
    assert await source.append([], [spo2(2)]) == Appended(1, 0)
    assert shelf.kept == [device_info(), spo2(1), spo2(2)]


async def test_a_report_ahead_of_the_description_gets_what_we_know() -> None:
    shelf, book = Shelf(), DescriptionBook()
    source = DescribedSource(shelf, book)
    await source.append([], [spo2(1)])
    assert shelf.kept == [DeviceInfo(system_id=OXIMETER), spo2(1)]
    await source.append([device_info()], [])
    later = DescribedSource(shelf, book)
    await later.append([], [spo2(2)])
    assert shelf.kept[2:] == [device_info(), device_info(), spo2(2)]


async def test_a_new_association_describes_again() -> None:
    shelf = Shelf()
    source = DescribedSource(shelf, DescriptionBook())
    await source.append([device_info()], [spo2(1)])
    source.begin()
    await source.append([], [spo2(2)])
    assert shelf.kept == [device_info(), spo2(1), device_info(), spo2(2)]


async def test_each_device_behind_one_association_is_described() -> None:
    shelf = Shelf()
    other = SystemId(b"another1")
    await DescribedSource(shelf, DescriptionBook()).append([], [spo2(1), spo2(1, device=other)])
    described = {item.system_id for item in shelf.kept if isinstance(item, DeviceInfo)}
    assert described == {OXIMETER, other}


async def test_a_description_that_found_no_room_is_said_again() -> None:
    shelf = Shelf(is_full=True)
    source = DescribedSource(shelf, DescriptionBook())
    with pytest.raises(BufferFullError):
        await source.append([device_info()], [spo2(1)])
    shelf.is_full = False
    await source.append([], [spo2(1)])
    assert shelf.kept == [device_info(), spo2(1)]


def test_the_book_is_bounded_and_forgets_the_oldest() -> None:
    book = DescriptionBook()
    first = SystemId(b"first---")
    book.remember(DeviceInfo(system_id=first, model="old"))
    for number in range(256):
        book.remember(DeviceInfo(system_id=SystemId(number.to_bytes(8, "big")), model="m"))
    assert book.find(first).model == ""
    assert book.find(SystemId((255).to_bytes(8, "big"))).model == "m"


async def test_a_reading_said_twice_at_once_is_passed_on_once() -> None:
    shelf = Shelf()
    once = OnceOnly(shelf)
    assert await once.append([device_info(), spo2(1), spo2(1), spo2(2)]) == Appended(3, 1)
    assert shelf.kept == [device_info(), spo2(1), spo2(2)]
    assert await once.append([]) == Appended(0, 0)


async def test_the_place_of_the_octets_goes_with_them_to_the_end() -> None:
    shelf = Shelf()
    source = DescribedSource(OnceOnly(shelf), DescriptionBook())
    await source.append([device_info()], [spo2(1)], octets="monitor-7@128+58")
    await source.append([], [spo2(2)])
    assert shelf.octets == ["monitor-7@128+58", ""]


async def test_a_clock_set_during_an_association_moves_what_was_mapped_before_it() -> None:
    shelf, wall = Shelf(), [NOON]
    clock = Clock(monotonic=lambda: 50.0, utc=lambda: wall[0])
    source = DescribedSource(shelf, DescriptionBook(), clock)
    source.begin()
    at = replace(spo2(1).observed_at, at=NOON + timedelta(microseconds=17))
    mapped = replace(spo2(1), observed_at=at)
    await source.append([device_info()], [mapped])
    wall[0] += timedelta(hours=1)
    await source.append([], [mapped, spo2(2)])
    source.begin()
    await source.append([], [mapped])
    times = [item.observed_at.at for item in shelf.kept if isinstance(item, NumericObservation)]
    assert [at - NOON for at in times] == [
        timedelta(microseconds=17),
        timedelta(hours=1, microseconds=17),
        timedelta(seconds=2),
        timedelta(microseconds=17),
    ], "but what a synchronised device wrote itself, and what was mapped since"
