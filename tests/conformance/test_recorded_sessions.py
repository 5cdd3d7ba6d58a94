"""Recorded exchanges of foreign agents and managers, fed to our manager message by message.

The manager must write the recorded octets and report the recorded values. The values below were
read from the recorded octets by hand.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from protocols.captures import Capture, parse_captures
from protocols.captures.capture import AGENT_TO_MANAGER, MANAGER_TO_AGENT
from protocols.ieee20601.events import (
    Associated,
    AssociationEnded,
    ConfigurationReceived,
    DeviceDescribed,
    Event,
    ObservationsReported,
    OctetsDiscarded,
    ProtocolWarning,
    StoredDataFinished,
)
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.states import State
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.observation import (
    CompoundNumericObservation,
    NumericObservation,
    Observation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import DeviceTime, TimeQuality
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.vectors_folder import PHD_FILE, needs_vectors

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
RLRQ = bytes.fromhex("e40000020000")
MMHG = UnitCode(3872)
BPM = UnitCode(2720)
INSULIN_UNITS = UnitCode(5472)

pytestmark = needs_vectors


def capture(name: str) -> Capture:
    return parse_captures(PHD_FILE.read_text(encoding="utf-8"))[name]


class Replay:
    """The agent's side of a capture against our manager; each report is confirmed at once."""

    def __init__(
        self, manager: ManagerConnection, portion: int | None = None, cut: int | None = None
    ) -> None:
        self.manager = manager
        self.portion = portion
        self.cut = cut
        self.now = 100.0
        self.events: list[Event | OctetsDiscarded] = []
        manager.transport_connected(now=self.now)

    def receive(self, octets: bytes) -> list[bytes]:
        sent: list[bytes] = []
        self.now += 0.01
        utc = START + timedelta(seconds=self.now - 100.0)
        for part in self.parts(octets):
            self.manager.receive_data(part, now=self.now, utc=utc)
            sent += self.drain()
        return sent

    def parts(self, octets: bytes) -> list[bytes]:
        """The octets in portions of one size, or cut in two at one place."""
        if self.cut is not None:
            place = self.cut % len(octets)
            return [octets[:place], octets[place:]]
        size = self.portion or max(1, len(octets))
        return [octets[start : start + size] for start in range(0, len(octets), size)]

    def drain(self) -> list[bytes]:
        while (event := self.manager.next_event()) is not None:
            self.events.append(event)
            if isinstance(event, ObservationsReported) and event.invoke_id is not None:
                self.manager.confirm(event.invoke_id, now=self.now)
        return self.manager.data_to_send()

    def play(self, recorded: Capture) -> list[bytes]:
        """All that the manager wrote; it releases where the recorded manager did."""
        sent: list[bytes] = []
        for message in recorded.messages:
            if message.direction == AGENT_TO_MANAGER:
                sent += self.receive(message.octets)
            elif message.octets == RLRQ:
                self.manager.release(now=self.now)
                sent += self.drain()
        return sent

    @property
    def observations(self) -> list[Observation]:
        reports = [event for event in self.events if isinstance(event, ObservationsReported)]
        return [observation for report in reports for observation in report.observations]


def manager_for(name: str) -> ManagerConnection:
    octets = {"antidote-bloodpressure": "1122334455667788"}.get(name, "0123456789ABCDEF")
    return ManagerConnection(
        system_id=SystemId.parse(octets),
        standard_configurations=STANDARD_CONFIGURATIONS,
        configurations=lambda _id, _config: None,
    )


def recorded_answers(recorded: Capture) -> list[bytes]:
    return [message.octets for message in recorded.sent_by(MANAGER_TO_AGENT)]


def test_the_blood_pressure_session_gets_the_recorded_answers() -> None:
    recorded = capture("antidote-bloodpressure")
    replay = Replay(manager_for("antidote-bloodpressure"))
    assert replay.play(recorded) == recorded_answers(recorded)
    assert replay.manager.state is State.UNASSOCIATED


def test_the_blood_pressure_session_gives_its_readings() -> None:
    replay = Replay(manager_for("antidote-bloodpressure"))
    replay.play(capture("antidote-bloodpressure"))
    pressures = [o for o in replay.observations if isinstance(o, CompoundNumericObservation)]
    pulses = [o for o in replay.observations if isinstance(o, NumericObservation)]
    assert [[part[1] for part in o.components] for o in pressures] == [
        [Quantity(Decimal(number), MMHG) for number in reading]
        for reading in ((123, 76, 97), (133, 85, 96), (119, 71, 92))
    ]
    assert [[part[0] for part in o.components] for o in pressures] == [
        [MdcCode(2, 18949), MdcCode(2, 18950), MdcCode(2, 18951)]
    ] * 3
    assert [o.value for o in pulses] == [Quantity(Decimal(n), BPM) for n in (85, 72, 67)]
    assert {o.type for o in pulses} == {MdcCode(2, 18474)}


def test_blood_pressure_readings_keep_the_cuff_s_own_time() -> None:
    replay = Replay(manager_for("antidote-bloodpressure"))
    replay.play(capture("antidote-bloodpressure"))
    # The MDS says 0000-00-00: its clock is unknown, so UTC is the time of reception.
    assert {o.observed_at.quality for o in replay.observations} == {TimeQuality.RECEIVED}
    assert [o.observed_at.device_time for o in replay.observations][::2] == [
        DeviceTime("absolute", f"2026-11-23T01:52:{second}.50") for second in ("48", "51", "54")
    ]
    assert len({o.observation_id for o in replay.observations}) == 6


def test_the_blood_pressure_session_s_events_are_in_order() -> None:
    replay = Replay(manager_for("antidote-bloodpressure"))
    replay.play(capture("antidote-bloodpressure"))
    agent = SystemId.parse("1133557799BBDDFF")
    assert replay.events[0] == Associated(agent, 0x02BC, known=True, test=False)
    kinds = [type(event) for event in replay.events]
    # Its MDS has a clock of zeros.
    assert kinds[1:3] == [ProtocolWarning, DeviceDescribed]
    assert kinds[3:] == [ObservationsReported] * 3 + [AssociationEnded]
    assert replay.events[-1] == AssociationEnded(cause=None, released=True)


def test_the_pen_session_gets_the_octets_a_real_pen_accepted() -> None:
    recorded = capture("novopen-pmstore")
    sent = Replay(manager_for("novopen-pmstore")).play(recorded)
    expected = [*recorded_answers(recorded)[:-1], RLRQ]
    assert recorded_answers(recorded)[-1] == RLRQ
    assert sent[1:] == expected[1:]
    # The recorded manager echoed the pen's System-Id in its AARE; ours says its own.
    ours = bytes.fromhex("0123456789abcdef")
    assert sent[0] == expected[0].replace(bytes.fromhex("001465004507b951"), ours)


def test_the_pen_session_gives_every_dose_and_drops_none() -> None:
    replay = Replay(manager_for("novopen-pmstore"))
    replay.play(capture("novopen-pmstore"))
    doses = [
        o
        for o in replay.observations
        if isinstance(o, NumericObservation) and o.type == MdcCode(130, 13313)
    ]
    assert [o.value for o in doses] == [
        Quantity(Decimal("3.0"), INSULIN_UNITS),
        Quantity(Decimal("2.0"), INSULIN_UNITS),
        Quantity(SpecialValue.NAN, INSULIN_UNITS),
    ]
    assert str(doses[0].value.value) == "3.0"
    assert [o.observed_at.device_time for o in doses] == [
        DeviceTime.relative(ticks) for ticks in (116177, 331, 0)
    ]


def test_the_pen_s_stored_doses_keep_their_identities_in_another_session() -> None:
    ids = []
    for later in (0.0, 86_400.0):
        replay = Replay(manager_for("novopen-pmstore"))
        replay.now += later
        replay.play(capture("novopen-pmstore"))
        ids.append([observation.observation_id for observation in replay.observations])
    assert ids[0] == ids[1]


def test_a_dose_s_time_is_counted_back_from_the_pen_s_own_clock() -> None:
    replay = Replay(manager_for("novopen-pmstore"))
    replay.play(capture("novopen-pmstore"))
    first = replay.observations[0]
    # The pen counts seconds: 116243 at the MDS Get, 116177 at the dose. Its answer was
    # the third message of the agent.
    assert first.observed_at.at == START + timedelta(seconds=0.03) - timedelta(seconds=66)
    assert first.observed_at.quality is TimeQuality.DEVICE


def test_the_pen_s_events_are_in_order() -> None:
    replay = Replay(manager_for("novopen-pmstore"))
    replay.play(capture("novopen-pmstore"))
    pen = SystemId.parse("001465004507B951")
    wanted = (Associated, ConfigurationReceived, DeviceDescribed, ObservationsReported)
    wanted_too = (StoredDataFinished, AssociationEnded)
    seen = [event for event in replay.events if isinstance(event, wanted + wanted_too)]
    assert [type(event) for event in seen] == [
        ConfigurationReceived,
        Associated,
        DeviceDescribed,
        ObservationsReported,
        StoredDataFinished,
        AssociationEnded,
    ]
    assert seen[1] == Associated(pen, 0x400A, known=False, test=False)
    described = seen[2]
    assert isinstance(described, DeviceDescribed)
    assert (described.info.manufacturer, described.info.model) == ("Novo Nordisk A/S", "NovoPen")
    assert (described.info.serial_number, described.info.firmware) == ("EGDO2U", "")
    assert described.info.software == "01.08.00"
    assert seen[4] == StoredDataFinished(complete=True)
    assert seen[5] == AssociationEnded(cause=None, released=True)


@pytest.mark.parametrize("name", ["antidote-bloodpressure", "novopen-pmstore"])
@pytest.mark.parametrize("portion", [1, 2, 3, 5, 7, 11, 13, 64])
def test_portions_of_any_size_change_nothing(name: str, portion: int) -> None:
    whole, split = Replay(manager_for(name)), Replay(manager_for(name), portion)
    assert split.play(capture(name)) == whole.play(capture(name))
    assert split.observations == whole.observations
    assert [type(event) for event in split.events] == [type(event) for event in whole.events]


@pytest.mark.parametrize("name", ["antidote-bloodpressure", "novopen-pmstore"])
def test_every_split_point_of_every_message_gives_the_same(name: str) -> None:
    recorded = capture(name)
    whole = Replay(manager_for(name))
    answers = whole.play(recorded)
    for cut in range(max(len(message.octets) for message in recorded.messages)):
        split = Replay(manager_for(name), cut=cut)
        assert split.play(recorded) == answers
        assert split.observations == whole.observations


@pytest.mark.fuzz
@pytest.mark.parametrize("name", ["antidote-bloodpressure", "novopen-pmstore"])
def test_fifty_thousand_damaged_sessions_raise_nothing_and_the_next_device_is_served(
    name: str,
) -> None:
    recorded = capture(name)
    chance = Random(20601)  # noqa: S311  # a repeatable list of faults, no secret
    for _ in range(50_000):
        replay = Replay(manager_for(name))
        for message in recorded.sent_by(AGENT_TO_MANAGER):
            replay.receive(damage(message.octets, chance))
            if chance.random() < 0.1:
                replay.now += chance.choice((1.0, 3.0, 20.0))
                replay.manager.handle_deadline(now=replay.now)
                replay.drain()
        replay.now += 60.0
        replay.manager.handle_deadline(now=replay.now)
        replay.manager.abort(now=replay.now)
        replay.drain()
        replay.receive(recorded.messages[0].octets)
        assert replay.manager.state is not State.UNASSOCIATED


def damage(octets: bytes, chance: Random) -> bytes:
    """One fault of a bad line, or none: lost, changed, added or repeated octets."""
    place = chance.randrange(len(octets))
    match chance.randrange(6):
        case 0:
            return octets[:place] + octets[place + 1 :]
        case 1:
            return octets[:place] + bytes([chance.randrange(256)]) + octets[place + 1 :]
        case 2:
            return octets[:place] + chance.randbytes(chance.randrange(1, 20)) + octets[place:]
        case 3:
            return octets + octets
        case 4:
            return octets[:place]
        case _:
            return octets
