"""What becomes of each event: the buffer first, then health, memory and log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.buffer.answers import Appended
from edge.drivers.configurations import ConfigurationStore
from edge.drivers.health import DeviceHealth, DeviceState, HealthBoard
from edge.drivers.reception import Reception
from edge.drivers.stored_pages import StoredPages
from edge.errors import BufferFullError
from edge.pipeline.descriptions import DescribedSource, DescriptionBook
from protocols.errors import RemoteProtocolError
from protocols.ieee20601.configuration import encode_configuration
from protocols.ieee20601.events import (
    Associated,
    AssociationEnded,
    ClockSet,
    ConfigurationDistrusted,
    ConfigurationReceived,
    DeviceDescribed,
    DeviceHeardAgain,
    DeviceSilent,
    Event,
    ObservationsReported,
    OctetsDiscarded,
    ProtocolWarning,
    ReportsMissed,
    SamplesMissed,
    SamplesOverlapping,
    SegmentCleared,
    SegmentFetched,
    StoredDataFinished,
    StoredPageKept,
)
from protocols.model.timestamps import DeviceTime
from protocols.specializations.basic_ecg import SPECIALIZATION
from protocols.uplink.messages import Content
from tests.unit.edge.making import OXIMETER, ManualTime, device_info, spo2

ECG = SPECIALIZATION.configuration
ASSOCIATED = Associated(OXIMETER, 0x190, known=True, test=False)


@dataclass(slots=True)
class Shelf:
    """A sink that counts what it is given; it may be full."""

    kept: list[Content] = field(default_factory=list)
    octets: list[str] = field(default_factory=list)
    is_full: bool = False

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        if self.is_full:
            raise BufferFullError("the shelf is full")
        self.kept += contents
        self.octets.append(octets)
        return Appended(len(contents), 0)


@dataclass(slots=True)
class Bench:
    """A reception and everything it writes to."""

    folder: Path
    guest: bool = False
    shelf: Shelf = field(default_factory=Shelf)
    time: ManualTime = field(default_factory=ManualTime)
    board: HealthBoard = field(default_factory=HealthBoard)
    health: DeviceHealth = field(init=False)
    configurations: ConfigurationStore = field(init=False)
    pages: StoredPages = field(init=False)
    reception: Reception = field(init=False)

    def __post_init__(self) -> None:
        self.health = DeviceHealth("ox", "tcp:a:1", self.time.clock.utc())
        self.board.add(self.health)
        self.configurations = ConfigurationStore(self.folder)
        self.pages = StoredPages(self.folder)
        self.reception = Reception(
            source=DescribedSource(self.shelf, DescriptionBook()),
            stored_pages=self.pages,
            configurations=self.configurations,
            health=self.health,
            board=self.board,
            clock=self.time.clock,
            named_by_identity=self.guest,
        )

    async def accept(self, *events: Event) -> None:
        await self.reception.accept(events, received_at=self.time.seconds - 0.25)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


async def test_a_report_is_stored_counted_and_timed(bench: Bench) -> None:
    await bench.accept(
        ASSOCIATED,
        DeviceDescribed(device_info()),
        ObservationsReported(1, (spo2(1), spo2(2))),
        ObservationsReported(None, (spo2(3),)),
        ObservationsReported(2, ()),
    )
    counts = bench.health.counts
    assert bench.shelf.kept == [device_info(), spo2(1), spo2(2), spo2(3)]
    assert (counts.reports, counts.confirmed, counts.observations, counts.stored) == (3, 2, 3, 3)
    assert bench.health.state is DeviceState.RECEIVING
    assert bench.health.model == "Acme OX-1"
    assert bench.board.delays.percentiles(0.5) == (0.25,)


async def test_a_page_that_is_durable_is_known_from_now_on(bench: Bench) -> None:
    await bench.accept(ASSOCIATED, StoredPageKept(OXIMETER, bytes(16)))
    assert bench.pages.is_kept(OXIMETER, bytes(16))
    assert StoredPages(bench.folder).is_kept(OXIMETER, bytes(16))


async def test_an_association_without_reports_is_shown_as_such(bench: Bench) -> None:
    await bench.accept(ASSOCIATED)
    assert bench.health.state is DeviceState.ASSOCIATED
    assert bench.health.system_id == str(OXIMETER)
    assert [item.name for item in bench.board] == ["ox"], "a configured device keeps its name"


async def test_an_agent_that_connected_by_itself_is_named_by_its_identity(tmp_path: Path) -> None:
    bench = Bench(tmp_path, guest=True)
    await bench.accept(ASSOCIATED)
    assert [item.name for item in bench.board] == [f"agent {OXIMETER}"]


async def test_when_nothing_can_be_stored_the_rest_is_noted_and_the_refusal_shown(
    bench: Bench,
) -> None:
    bench.shelf.is_full = True
    with pytest.raises(BufferFullError):
        await bench.accept(ASSOCIATED, ObservationsReported(1, (spo2(1),)), ReportsMissed(4))
    assert bench.health.state is DeviceState.REFUSED
    assert bench.health.reason == "the shelf is full."
    counts = bench.health.counts
    assert (counts.refused, counts.confirmed, counts.missed) == (1, 0, 4)
    bench.shelf.is_full = False
    await bench.accept(ObservationsReported(2, (spo2(1),)))
    assert bench.health.state.value == "receiving"


async def test_configurations_are_remembered_and_forgotten(bench: Bench) -> None:
    octets = encode_configuration(ECG)
    await bench.accept(ConfigurationReceived(OXIMETER, ECG.config_id, octets))
    assert bench.configurations.find(OXIMETER, ECG.config_id) is not None
    await bench.accept(ConfigurationDistrusted(OXIMETER, ECG.config_id))
    assert bench.configurations.find(OXIMETER, ECG.config_id) is None


async def test_troubles_are_counted(bench: Bench) -> None:
    await bench.accept(
        ReportsMissed(2),
        OctetsDiscarded(7),
        ProtocolWarning("an odd thing"),
        SegmentFetched(256, 1, 7, complete=True),
        SegmentCleared(256, 1),
        StoredDataFinished(complete=False),
    )
    counts = bench.health.counts
    assert (counts.missed, counts.discarded_octets, counts.warnings) == (2, 7, 1)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (AssociationEnded(None, released=True), "released by the device"),
        (AssociationEnded(RemoteProtocolError("aborted (2)"), released=False), "aborted (2)"),
        (AssociationEnded(None, released=False), "the line ended"),
    ],
)
async def test_an_end_says_why(bench: Bench, event: AssociationEnded, reason: str) -> None:
    await bench.accept(ASSOCIATED, event)
    assert (bench.health.state, bench.health.reason) == (DeviceState.CONNECTED, reason)


async def test_the_description_comes_again_with_the_next_association(bench: Bench) -> None:
    await bench.accept(ASSOCIATED, DeviceDescribed(device_info()))
    await bench.accept(AssociationEnded(None, released=True))
    await asyncio.wait_for(bench.accept(ASSOCIATED, ObservationsReported(1, (spo2(1),))), 10)
    assert bench.shelf.kept == [device_info(), device_info(), spo2(1)]


async def test_two_living_associations_of_one_identity_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = Bench(tmp_path)
    second = Bench(tmp_path, board=first.board)
    await first.accept(ASSOCIATED)
    assert first.board.doubles == {}
    await second.accept(ASSOCIATED)
    assert first.board.doubles == {str(OXIMETER): ("tcp:a:1#1", "tcp:a:1#2")}
    assert "association=tcp:a:1#2 others=tcp:a:1#1" in caplog.text
    await first.accept(AssociationEnded(None, released=False))
    assert first.board.doubles == {}


async def test_a_configuration_of_another_firmware_is_dropped(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    associated = Associated(OXIMETER, ECG.config_id, known=True, test=False)
    octets = encode_configuration(ECG)
    await bench.accept(ConfigurationReceived(OXIMETER, ECG.config_id, octets), associated)
    await bench.accept(DeviceDescribed(replace(device_info(), firmware="2.0")))
    assert bench.configurations.find(OXIMETER, ECG.config_id) is not None
    await bench.accept(associated, DeviceDescribed(replace(device_info(), firmware="3.1")))
    assert bench.configurations.find(OXIMETER, ECG.config_id) is None
    assert "configuration of another firmware dropped" in caplog.text


async def test_a_silent_device_is_shown_as_stale_until_it_is_heard_again(bench: Bench) -> None:
    await bench.accept(ASSOCIATED, ObservationsReported(None, (spo2(1),)))
    await bench.accept(DeviceSilent(6.0))
    assert (bench.health.state.value, bench.health.reason) == ("stale", "no report for 6 s")
    await bench.accept(DeviceHeardAgain(9.0), ObservationsReported(None, (spo2(2),)))
    assert bench.health.state is DeviceState.RECEIVING
    assert bench.health.counts.silences == 1


async def test_what_a_waveform_lost_is_counted_and_what_came_twice_is_told(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.accept(SamplesMissed(7, 50), SamplesOverlapping(7, 3))
    assert bench.health.counts.samples_missed == 50
    assert "samples overlap device=ox object=7 count=3" in caplog.text


async def test_a_clock_that_was_set_is_logged_with_both_values_and_their_offset(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    old, new = DeviceTime("absolute", "2026-11-23T10:00:00.00"), DeviceTime("absolute", "now")
    await bench.accept(ClockSet(old, new, timedelta(minutes=-2)), ClockSet(None, new, None))
    assert bench.health.counts.clock_sets == 2
    assert "old=2026-11-23T10:00:00.00 new=now offset_seconds=-120.0" in caplog.text
    assert "old=None new=now offset_seconds=None" in caplog.text


async def test_missed_reports_are_logged_by_their_numbers(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    await bench.accept(ReportsMissed(3, first=6, last=8))
    assert "count=3 first=6 last=8" in caplog.text
