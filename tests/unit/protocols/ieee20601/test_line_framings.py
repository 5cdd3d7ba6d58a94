"""The framings of a line: whole APDUs and nothing else, and both roles over each of them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.framing.hdlc import FrameFault, FrameForm, write_frame
from protocols.ieee20601.events import ObservationsReported, OctetsDiscarded
from protocols.ieee20601.framing import OversizeApdu, StreamLimits, StreamReader, WholeApdu
from protocols.ieee20601.line_framings import DatagramFraming, Framing, HdlcFraming
from protocols.ieee20601.manager import ManagerConnection
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import MANAGER_ID, RLRQ, aarq, prst, report
from tests.unit.protocols.ieee20601.exchange import START
from tests.unit.protocols.ieee20601.pair import Pair

AARQ = aarq(config_id=0x0190)
REPORT = report(7, 0x0D1D, bytes.fromhex("F000 0000 0000 0000"))
SHORT = StreamLimits(max_octets=64)
LONG_REPORT = prst(0x1234, 0x0101, bytes(200))
NO_APDUS = [b"\xe4", b"login: ", bytes.fromhex("E8000002 0000")]
KINDS = pytest.mark.parametrize(
    "make", [StreamReader, HdlcFraming, DatagramFraming], ids=["raw", "hdlc", "datagram"]
)


def whole(pieces: list[WholeApdu | OversizeApdu]) -> list[bytes]:
    return [piece.octets for piece in pieces if isinstance(piece, WholeApdu)]


def in_frame(octets: bytes) -> bytes:
    return write_frame(octets, FrameForm())


@KINDS
def test_an_apdu_is_read_as_it_was_written(make: type[Framing]) -> None:
    framing = make()
    for apdu in (AARQ, REPORT, RLRQ, LONG_REPORT):
        assert framing.receive(framing.frame(apdu), now=0.0) == [WholeApdu(apdu)]
    assert framing.take_discarded() == 0
    assert framing.next_deadline() is None
    assert framing.handle_deadline(now=100.0) == []


@KINDS
def test_an_apdu_longer_than_allowed_is_named(make: type[Framing]) -> None:
    framing = make(SHORT)  # type: ignore[call-arg]  # a Protocol says nothing of constructors
    found = framing.receive(framing.frame(LONG_REPORT), now=0.0)
    assert found == [OversizeApdu(len(LONG_REPORT), 0x1234, 0x0101)]
    assert framing.take_discarded() == 0
    assert framing.receive(framing.frame(RLRQ), now=0.0) == [WholeApdu(RLRQ)]


@KINDS
def test_a_new_connection_forgets_what_was_unfinished(make: type[Framing]) -> None:
    framing = make()
    framing.receive(framing.frame(REPORT)[:20] if make is not DatagramFraming else b"", now=0.0)
    framing.clear()
    framing.take_discarded()
    assert framing.next_deadline() is None
    assert whole(framing.receive(framing.frame(AARQ), now=0.0)) == [AARQ]


@KINDS
def test_octets_of_what_is_unfinished_are_counted_as_they_were_on_the_line(
    make: type[Framing],
) -> None:
    framing = make()
    begun = framing.frame(REPORT)[:20]
    framing.receive(begun if make is not DatagramFraming else REPORT, now=0.0)
    assert framing.held == (20 if make is not DatagramFraming else 0)


@pytest.mark.parametrize("octets", NO_APDUS, ids=lambda octets: octets.hex())
def test_a_frame_without_an_apdu_is_dropped_and_counted(octets: bytes) -> None:
    framing = HdlcFraming()
    assert framing.receive(in_frame(octets), now=0.0) == []
    assert framing.take_discarded() == len(octets)
    assert framing.faults == {}


def test_a_frame_longer_than_allowed_is_named_whatever_length_its_apdu_says() -> None:
    found = HdlcFraming(SHORT).receive(in_frame(LONG_REPORT + b"\0"), now=0.0)
    assert found == [OversizeApdu(len(LONG_REPORT) + 1, 0x1234, 0x0101)]


def test_a_long_frame_without_an_apdu_is_no_oversize_apdu() -> None:
    framing = HdlcFraming(SHORT)
    assert framing.receive(in_frame(bytes(100)), now=0.0) == []
    assert framing.take_discarded() == 100


def test_an_unfinished_frame_is_given_up_at_its_deadline() -> None:
    framing = HdlcFraming(StreamLimits(inter_octet_seconds=3.0))
    framing.receive(in_frame(REPORT)[:20], now=1.0)
    assert framing.next_deadline() == 4.0
    assert framing.handle_deadline(now=4.0) == []
    assert framing.take_discarded() == 20
    assert framing.faults == {FrameFault.OVERDUE: 1}


@pytest.mark.parametrize("octets", [REPORT + b"\0", REPORT[:-1], LONG_REPORT + RLRQ])
@pytest.mark.parametrize("make", [HdlcFraming, DatagramFraming], ids=["hdlc", "datagram"])
def test_an_apdu_of_another_length_than_it_says_is_rejected_aloud(
    make: type[HdlcFraming | DatagramFraming], octets: bytes
) -> None:
    framing = make()
    manager = ManagerConnection(
        system_id=SystemId(MANAGER_ID),
        standard_configurations=STANDARD_CONFIGURATIONS,
        configurations=lambda _system_id, _config_id: None,
        framing=framing,
    )
    manager.transport_connected(now=0.0)
    manager.receive_data(framing.frame(aarq(config_id=0x4000)), now=0.0, utc=START)
    assert len(manager.data_to_send()) == 1
    manager.receive_data(framing.frame(octets), now=0.0, utc=START)
    (answer,) = manager.data_to_send()
    rejected = prst(int.from_bytes(octets[6:8], "big"), 0x0400, b"\0\2")
    assert answer == framing.frame(rejected)


@pytest.mark.parametrize("octets", [b"\xe4", b"login: ", bytes.fromhex("E8000002 0000")])
def test_a_transfer_that_is_no_apdu_is_dropped_and_counted(octets: bytes) -> None:
    framing = DatagramFraming()
    assert framing.receive(octets, now=0.0) == []
    assert framing.take_discarded() == len(octets)


def test_both_roles_exchange_reports_in_frames() -> None:
    pair = Pair(framings=(HdlcFraming(), HdlcFraming()))
    pair.associate()
    assert pair.manager.state is pair.agent.state is State.OPERATING
    pair.agent.send_report(pair.next_report(), confirmed=True, now=pair.now)
    pair.drain()
    assert pair.to_manager[0] == 0xC0
    assert pair.to_manager[-1] == 0xC1
    pair.settle()
    assert pair.agent.outstanding == 0


def test_damage_on_a_framed_line_is_told_and_costs_the_damaged_frame_alone() -> None:
    pair = Pair(framings=(HdlcFraming(), HdlcFraming()))
    pair.associate()
    for percent in (97, 98, 99):
        report = pair.next_report(percent)
        pair.agent.send_report(report, confirmed=False, now=pair.now)
        pair.drain()
        if percent == 98:
            pair.to_manager[40] ^= 0x04
        pair.settle()
    reported = [event for event in pair.manager_events if isinstance(event, ObservationsReported)]
    assert [len(event.observations) for event in reported] == [2, 2]
    assert any(isinstance(event, OctetsDiscarded) for event in pair.manager_events)


DAMAGE = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), st.integers(0, 2000)),
        st.tuples(st.just("drop"), st.integers(0, 250)),
        st.tuples(st.just("insert"), st.integers(0, 250)),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=150)
@given(DAMAGE, st.binary(min_size=1, max_size=3))
def test_no_damage_of_a_few_bits_or_octets_is_taken_for_an_apdu(
    damage: list[tuple[str, int]], extra: bytes
) -> None:
    sent = [AARQ, REPORT, RLRQ]
    line = bytearray(b"".join(in_frame(apdu) for apdu in sent))
    for kind, at in damage:
        if kind == "flip":
            at %= 8 * len(line)
            line[at // 8] ^= 1 << at % 8
        elif kind == "drop":
            del line[at % len(line)]
        else:
            line[at % len(line) : at % len(line)] = extra
    framing = HdlcFraming()
    found = whole(framing.receive(bytes(line), now=0.0))
    assert set(found) <= set(sent)
    framing.handle_deadline(now=2.0)
    assert whole(framing.receive(in_frame(REPORT), now=2.0)) == [REPORT]
