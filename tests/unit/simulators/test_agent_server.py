"""A device at work: everything made is confirmed in the end, live samples only while heard."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from io import StringIO

import pytest

from protocols.ieee20601.events import Associated, ConfigurationReceived
from protocols.ieee20601.line_framings import RAW
from protocols.ieee20601.policies import ClockSetting, ManagerPolicy
from protocols.model.observation import SampleArrayObservation
from simulators.agent_server import AgentServer
from simulators.conversation import Conversation, Times
from simulators.devices.misbehaving import misbehave
from simulators.devices.registry import BY_NAME
from simulators.journal import DeviceRecord, Journal
from simulators.outbox import Outbox
from simulators.patient.vital_signs import Patient
from simulators.value_texts import value_text
from tests.fixtures.scenarios import ARREST
from tests.unit.simulators.manager_link import START, ManagerLink


class Watched(StringIO):
    """A journal file that says when so many lines are in it."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted = 1_000_000
        self.reached = asyncio.Event()
        self._lines = 0

    def write(self, text: str) -> int:
        self._lines += text.count("\n")
        if self._lines >= self.wanted:
            self.reached.set()
        return super().write(text)


class Bench:
    """One device, its journal, a manager, and a clock that makes every reading due at once."""

    def __init__(
        self,
        name: str,
        *,
        seconds: float,
        fault: str | None = None,
        framing: str = RAW,
        policy: ManagerPolicy | None = None,
    ) -> None:
        kind = BY_NAME[name]
        self.text = Watched()
        self.manager = ManagerLink(framing, policy)
        link = misbehave(self.manager, fault, seed=3) if fault else self.manager
        late = START + timedelta(seconds=seconds + 1)
        self.device = kind.make(kind.identity, Patient(seed=5, scenario=ARREST, seconds=20))
        self.server = AgentServer(
            self.device,
            link,
            Journal(self.text),
            Times(monotonic=lambda: 0.0, utc=lambda: late),
            seconds=seconds,
            framing=framing,
        )
        self.start_at: asyncio.Future[datetime] = asyncio.get_running_loop().create_future()

    async def run(self) -> DeviceRecord:
        async with asyncio.timeout(20):
            await self.server.run(self.start_at)
        return self.record()

    def record(self) -> DeviceRecord:
        lines = [json.loads(line) for line in self.text.getvalue().splitlines()]
        return DeviceRecord("device", lines)


async def test_a_device_that_speaks_in_frames_is_heard_the_same() -> None:
    bench = Bench("oximeter", seconds=20, framing="hdlc")
    bench.start_at.set_result(START)
    record = await bench.run()
    made = {reading.observation_id for reading in record.readings(live=False)}
    assert made
    assert record.confirmed_at.keys() == made


@pytest.mark.parametrize("name", ["oximeter", "blood-pressure", "ecg", "defibrillator"])
async def test_every_device_gets_all_it_made_confirmed(name: str) -> None:
    bench = Bench(name, seconds=20)
    bench.start_at.set_result(START)
    record = await bench.run()
    made = {reading.observation_id for reading in record.readings(live=False)}
    heard = {one.observation_id: value_text(one) for one in bench.manager.heard}
    assert made
    assert record.confirmed_at.keys() == made
    assert made <= heard.keys()
    assert all(heard[one.observation_id] == one.value for one in record.readings(live=False))
    assert any(isinstance(event, Associated) for event in bench.manager.events)


async def test_extended_configurations_are_announced() -> None:
    bench = Bench("ecg", seconds=1)
    bench.start_at.set_result(START)
    await bench.run()
    assert any(isinstance(event, ConfigurationReceived) for event in bench.manager.events)


async def test_readings_made_while_nobody_listens_are_kept_and_live_ones_counted_lost() -> None:
    bench = Bench("ecg", seconds=5)
    bench.text.wanted = 6 + 2 * 20  # six rates, twenty stretches that are made and unheard
    bench.manager.go()
    bench.start_at.set_result(START)
    running = asyncio.ensure_future(bench.run())
    await bench.text.reached.wait()
    bench.manager.come()
    record = await running
    live = record.readings(live=True)
    assert record.unheard == {reading.observation_id for reading in live}
    assert len(record.confirmed_at) == 6
    assert not any(isinstance(one, SampleArrayObservation) for one in bench.manager.heard)


async def test_an_unanswered_report_is_sent_again_with_its_own_time_and_counts_once() -> None:
    bench = Bench("oximeter", seconds=3)
    bench.manager.confirming = False
    bench.start_at.set_result(START)
    running = asyncio.ensure_future(bench.run())
    await bench.manager.reported.wait()
    bench.manager.go()
    bench.manager.confirming = True
    bench.manager.come()
    record = await running
    assert bench.manager.connections == 2
    assert bench.manager.repeats == 2
    assert len(record.confirmed_at) == 8
    assert len(bench.manager.heard) == 8


async def test_a_device_told_to_stop_releases_its_association() -> None:
    bench = Bench("oximeter", seconds=100)
    running = asyncio.ensure_future(bench.run())
    await bench.manager.spoken_to.wait()
    bench.server.stop()
    await running
    assert '"event":"ended"' in bench.text.getvalue()
    assert '"released":true' in bench.text.getvalue()


@pytest.mark.parametrize("fault", ["noise", "repeated-report", "wrong-order", "two-versions"])
@pytest.mark.parametrize("name", ["oximeter", "ecg"])
async def test_a_tolerable_fault_costs_no_reading_and_doubles_none(name: str, fault: str) -> None:
    bench = Bench(name, seconds=6, fault=fault)
    bench.start_at.set_result(START)
    record = await bench.run()
    made = {reading.observation_id for reading in record.readings(live=False)}
    assert record.confirmed_at.keys() == made
    assert made <= {one.observation_id for one in bench.manager.heard}
    assert bench.manager.repeats == 0


@pytest.mark.parametrize("can_be_set", [True, False])
async def test_a_manager_sets_the_clock_of_a_device_that_asks_for_it(can_be_set: bool) -> None:
    bench = Bench(
        "oximeter", seconds=3, policy=ManagerPolicy(clock_setting=ClockSetting.WHEN_ALLOWED)
    )
    bench.device.clock_can_be_set = can_be_set
    before = bench.device.identity.clock.ahead
    bench.start_at.set_result(START)
    await bench.run()
    # The manager's clock stands at START, the device's four seconds later and wrong.
    set_to = timedelta(seconds=-4) if can_be_set else before
    assert bench.device.identity.clock.ahead == set_to
    assert ('"event":"clock set"' in bench.text.getvalue()) == can_be_set


class DeafToRelease(ManagerLink):
    """A manager that leaves a release unanswered; tells when it heard one."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    async def write(self, data: bytes) -> None:
        """Everything but a release request reaches the manager."""
        if data.startswith(b"\xe4\x00"):
            self.released.set()
        else:
            await super().write(data)


async def test_a_device_that_has_asked_for_release_says_nothing_more() -> None:
    link, times = DeafToRelease(), Times(monotonic=lambda: 0.0, utc=lambda: START)
    kind = BY_NAME["oximeter"]
    journal, wake, done = Journal(StringIO()), asyncio.Event(), asyncio.Event()
    outbox = Outbox(journal)
    device = kind.make(kind.identity, Patient(seed=5, scenario=ARREST, seconds=20))
    conversation = Conversation(
        device, link, outbox, journal, times, wake, done.is_set, framing=RAW
    )
    await link.connect()
    holding = asyncio.ensure_future(conversation.hold())
    done.set()
    wake.set()
    await link.released.wait()
    outbox.put(next(iter(device.reports(START))), at=START)
    wake.set()
    failed, _ = await asyncio.wait([holding], timeout=0.05)  # its turn: it would speak now
    assert not failed
    link.go()
    await holding
    assert link.heard == []
