"""Octets decoded again give what they gave: raw and framed lines, known devices, radio links."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from edge.buffer.answers import Appended
from edge.decoding.again import compare, decode_again
from edge.decoding.recordings import export_lines
from edge.drivers.configurations import ConfigurationStore
from edge.drivers.fleet import DevicePlan, Fleet
from edge.drivers.health import HealthBoard
from edge.drivers.policy import DriverPolicy
from edge.drivers.recorded_link import facts_of
from edge.drivers.stored_pages import StoredPages
from edge.errors import SettingsError
from edge.recorder.policy import RecorderPolicy
from edge.recorder.recorder import FlightRecorder
from edge.recorder.ring import KeptRecording, Ring
from edge.supervision import TaskTree
from edge.transports.base import OpenedLine
from edge.transports.ble.quirks import PLAIN
from edge.transports.policy import TransportPolicy
from edge.transports.replay import open_line
from protocols.gatt import pulse_oximeter
from protocols.gatt.uuids import assigned_uuid
from protocols.ieee20601.configuration import build_configuration, encode_configuration
from protocols.ieee20601.events import ClockMoved
from protocols.ieee20601.framing import StreamReader, WholeApdu
from protocols.ieee20601.line_framings import HdlcFraming
from protocols.ieee20601.policies import ClockSetting
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from protocols.specializations.pulse_oximeter import SPECIALIZATION
from protocols.uplink.messages import Content, identity_of
from tests.fixtures.gatt_peer import peer, turns
from tests.unit.edge.drivers.gatt_bench import Bench
from tests.unit.edge.drivers.test_association import AgentLine
from tests.unit.edge.making import OXIMETER, ManualTime

AGENT = SystemId(b"\x00oximete")
HEART = assigned_uuid(0x2A37)
SETS = DriverPolicy(set_clocks=ClockSetting.WHEN_ALLOWED)
EXTENDED = build_configuration(0x4001, SPECIALIZATION.configuration.report.objects)


@dataclass(slots=True)
class Shelf:
    """A sink that keeps each thing with the place of its octets."""

    kept: list[tuple[Content, str]] = field(default_factory=list)

    async def append(self, contents: Sequence[Content], *, octets: str = "") -> Appended:
        self.kept += [(item, octets) for item in contents if not isinstance(item, DeviceInfo)]
        return Appended(len(contents), 0)


async def record(
    folder: Path, line: OpenedLine, time: ManualTime, *, knows_time: bool | None = None
) -> Shelf:
    """One life of a device, recorded."""
    recorder = FlightRecorder(
        folder / "recorder", RecorderPolicy(keep_free_bytes=0), clock=time.clock
    )
    recorder.start()
    shelf = Shelf()

    async def opened(address: str, policy: TransportPolicy) -> OpenedLine:
        del address, policy
        return line

    fleet = Fleet(
        system_id=OXIMETER,
        sink=shelf,
        configurations=ConfigurationStore(folder / "configurations"),
        stored_pages=StoredPages(folder),
        board=HealthBoard(),
        tree=TaskTree(time.clock),
        clock=time.clock,
        recorder=recorder,
        driver_policy=SETS if knows_time is not None else DriverPolicy(),
        knows_time=lambda: bool(knows_time),
        opener=opened,
    )
    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        fleet.start([DevicePlan("ox", "serial:/dev/a")], tasks)
        await fleet.wait_until_idle()
    await recorder.close()
    return shelf


async def test_a_raw_line_gives_the_same_again(tmp_path: Path) -> None:
    time = ManualTime()
    line = OpenedLine(AgentLine(time, reports=[1, 2, 3]), plays_once=True)
    shelf = await record(tmp_path, line, time)
    ring = Ring(tmp_path / "recorder")
    (recording,) = ring.recordings()
    again = list(decode_again(ring, recording, DriverPolicy()))
    assert [(item, str(place)) for place, item in again] == shelf.kept
    assert len(again) == 6
    comparison = compare(ring, recording, DriverPolicy())
    assert (comparison.same, comparison.differences) == (6, [])


@pytest.mark.parametrize("policy", [DriverPolicy(), SETS])
@pytest.mark.parametrize("knows_time", [True, False])
async def test_whether_a_clock_was_set_then_is_what_counts(
    tmp_path: Path, policy: DriverPolicy, *, knows_time: bool
) -> None:
    time = ManualTime()
    slow = AgentLine(time, reports=[1, 2, 3], clock_is_slow=timedelta(hours=2))
    line = OpenedLine(slow, plays_once=True)
    shelf = await record(tmp_path, line, time, knows_time=knows_time)
    assert any(isinstance(event, ClockMoved) for event in slow.events) is knows_time
    ring = Ring(tmp_path / "recorder")
    (recording,) = ring.recordings()
    again = list(decode_again(ring, recording, policy))
    assert len(again) == 6
    assert [(item, str(place)) for place, item in again] == shelf.kept


async def test_a_device_known_from_before_takes_its_configuration_along(tmp_path: Path) -> None:
    """The extended configuration stands in no octet: the recorder keeps it, an export has it."""
    time = ManualTime()
    store = ConfigurationStore(tmp_path / "configurations")
    store.remember(AGENT, EXTENDED.config_id, encode_configuration(EXTENDED))
    line = OpenedLine(AgentLine(time, reports=[1], configuration=EXTENDED), plays_once=True)
    shelf = await record(tmp_path, line, time)
    assert len(shelf.kept) == 2
    ring = Ring(tmp_path / "recorder")
    (recording,) = ring.recordings()
    again = [item for _, item in decode_again(ring, recording, DriverPolicy())]
    assert again == [item for item, _ in shelf.kept]
    capture = write_capture(ring, recording, tmp_path / "export.jsonl")
    opened = await open_line(capture, TransportPolicy())
    (known,) = opened.configurations
    assert (known.system_id, known.config_id) == (AGENT, EXTENDED.config_id)
    played = await record(tmp_path / "elsewhere", opened, time)
    assert [identity_of(item) for item, _ in played.kept] == [identity_of(item) for item in again]


@dataclass(slots=True)
class FramedLine:
    """Another line, in frames."""

    line: AgentLine
    near: HdlcFraming = field(default_factory=HdlcFraming)
    far: HdlcFraming = field(default_factory=HdlcFraming)

    async def read(self) -> bytes:
        octets = await self.line.read()
        apdus = StreamReader().receive(octets, now=0.0)
        return b"".join(self.far.frame(one.octets) for one in apdus if isinstance(one, WholeApdu))

    async def write(self, data: bytes) -> None:
        for one in self.near.receive(data, now=0.0):
            if isinstance(one, WholeApdu):
                await self.line.write(one.octets)

    async def close(self) -> None:
        await self.line.close()


async def test_a_framed_line_gives_the_same_and_is_exported_without_its_frames(
    tmp_path: Path,
) -> None:
    time = ManualTime()
    line = FramedLine(AgentLine(time, reports=[1, 2]))
    shelf = await record(tmp_path, OpenedLine(line, plays_once=True, framing="hdlc"), time)
    ring = Ring(tmp_path / "recorder")
    (recording,) = ring.recordings()
    again = list(decode_again(ring, recording, DriverPolicy()))
    assert [(item, str(place)) for place, item in again] == shelf.kept
    (place, _) = again[0]
    assert ring.octets_of(place)[0][:1] == b"\xc0", "a whole frame"
    messages = [json.loads(text) for text in export_lines(ring, recording)][1:]
    assert {text["hex"][:2] for text in messages} == {"e2", "e3", "e7"}


async def test_a_radio_link_gives_the_same_again(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "recorder", RecorderPolicy(keep_free_bytes=0))
    recorder.start()
    link = peer((assigned_uuid(0x1822), pulse_oximeter.CONTINUOUS))
    bench = Bench(tmp_path)
    facts = facts_of(link, quirk=PLAIN, known_as=bench.memory.info)
    recording = recorder.open_recording("Oxi", "ble:F0", facts)
    bench.reception = replace(bench.reception, recording=recording)
    async with bench.running(link):
        for number in range(3):
            link.send(pulse_oximeter.CONTINUOUS.uuid, bytes((0, 90 + number, 0, 60, 0)))
            await turns(20)
    recording.close()
    await recorder.close()
    ring = Ring(tmp_path / "recorder")
    (kept,) = ring.recordings()
    comparison = compare(ring, kept, DriverPolicy())
    assert (comparison.same, comparison.differences) == (len(bench.shelf.readings), [])
    assert comparison.same >= 6
    opened = await open_line(write_capture(ring, kept, tmp_path / "a.jsonl"), TransportPolicy())
    played = await record(tmp_path / "elsewhere", opened, ManualTime())
    assert [item for item, _ in played.kept] == bench.shelf.readings
    (again,) = Ring(tmp_path / "elsewhere" / "recorder").recordings()
    assert (again.received, again.facts["kind"]) == (kept.received, "gatt")


@pytest.mark.parametrize("missing", ["attributes", "quirk", "known_as", "utc"])
async def test_a_radio_link_without_what_it_takes_is_not_played(
    tmp_path: Path, missing: str
) -> None:
    header: dict[str, object] = {"capture": "vitalwire", "version": 1, "id": "a", "kind": "gatt"}
    header |= {"quirk": "plain", "known_as": str(AGENT)}
    header |= {"attributes": [[3, str(HEART), str(HEART), 16]]}
    zone = "" if missing == "utc" else "+00:00"
    message = {"t": 0.0, "dir": "A>M", "hex": "00", "handle": 3, "utc": f"2026-02-01T06:00{zone}"}
    header.pop(missing, None)
    capture = tmp_path / "a.jsonl"
    capture.write_text(f"{json.dumps(header)}\n{json.dumps(message)}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="lacks what it takes"):
        await open_line(str(capture), TransportPolicy())


def write_capture(ring: Ring, kept: KeptRecording, capture: Path) -> str:
    capture.write_text("\n".join(export_lines(ring, kept)) + "\n", encoding="utf-8")
    return str(capture)
