"""Whatever octets come in whatever portions: no error leaves a connection, no good APDU is lost."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.ieee20601.agent import AgentConnection
from protocols.ieee20601.framing import StreamReader, WholeApdu
from protocols.ieee20601.states import State
from protocols.model.codes import SystemId
from tests.unit.protocols.ieee20601.apdu_octets import (
    AGENT_ID,
    RLRE,
    RLRQ,
    aarq,
    abrt,
    prst,
    report,
)
from tests.unit.protocols.ieee20601.exchange import FIXED, Bench, mds_answer, spo2
from tests.unit.protocols.ieee20601.pair import OXIMETER, describe

UTC_NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD = (
    aarq(config_id=0x0190),
    mds_answer(0),
    report(1, FIXED, spo2(98)),
    report(2, FIXED, spo2(97), confirmed=False),
    prst(3, 0x0103, bytes(6)),
    RLRQ,
    RLRE,
    abrt(0),
)
# Noise holds no octet that could begin an APDU's choice followed by zero.
NOISE = st.binary(max_size=40).map(lambda octets: octets.replace(b"\x00", b"\x01"))
APDU_LIKE = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(GOOD),
    st.builds(
        lambda octets, at, value: (
            octets[: at % len(octets)] + bytes([value]) + octets[at % len(octets) + 1 :]
        ),
        st.sampled_from(GOOD),
        st.integers(0, 200),
        st.integers(0, 255),
    ),
    st.builds(
        lambda choice, body: choice.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body,
        st.sampled_from([0xE200, 0xE300, 0xE400, 0xE500, 0xE600, 0xE700]),
        st.binary(max_size=60),
    ),
    st.builds(
        prst,
        st.integers(0, 0xFFFF),
        st.sampled_from([0x100, 0x101, 0x103, 0x105, 0x107, 0x201, 0x203, 0x207, 0x300, 0x400]),
        st.binary(max_size=50),
    ),
    st.builds(report, st.integers(0, 3), st.integers(0x0D1C, 0x0D2E), st.binary(max_size=50)),
)


def portions(octets: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(octets) + 1) for cut in cuts} | {0, len(octets)})
    return [octets[a:b] for a, b in pairwise(places)]


@given(st.lists(APDU_LIKE, max_size=12), st.lists(st.integers(0, 1000), max_size=8))
@settings(max_examples=300)
def test_nothing_an_agent_sends_raises(pieces: list[bytes], cuts: list[int]) -> None:
    bench = Bench()
    if cuts and cuts[0] % 2:
        bench.operate()
    for portion in portions(b"".join(pieces), cuts):
        bench.receive(portion)
        bench.wait(0.5)
    bench.wait(30.0)
    # Afterwards a correct device is served.
    if not bench.is_in(State.UNASSOCIATED):
        bench.manager.abort(now=bench.now)
        bench.drain()
    assert bench.receive(aarq(config_id=0x0190))[:6] == bytes.fromhex("E300 002C 0000")


@given(st.lists(APDU_LIKE, max_size=12), st.lists(st.integers(0, 1000), max_size=8))
@settings(max_examples=200)
def test_nothing_a_manager_sends_raises(pieces: list[bytes], cuts: list[int]) -> None:
    agent = AgentConnection(
        system_id=SystemId(AGENT_ID), configuration=OXIMETER.configuration, mds=describe()
    )
    agent.transport_connected(now=0.0)
    if cuts and cuts[0] % 2:
        agent.associate(now=0.0)
    for number, portion in enumerate(portions(b"".join(pieces), cuts)):
        agent.receive_data(portion, now=float(number), utc=UTC_NOW)
        agent.handle_deadline(now=float(number))
        agent.data_to_send()


@given(st.lists(APDU_LIKE, max_size=12), st.lists(st.integers(0, 1000), max_size=12))
@settings(max_examples=200)
def test_portions_change_nothing(pieces: list[bytes], cuts: list[int]) -> None:
    octets = b"".join(pieces)
    whole, split = StreamReader(), StreamReader()
    expected = whole.receive(octets, now=0.0)
    found = [piece for part in portions(octets, cuts) for piece in split.receive(part, now=0.0)]
    # A reader that already has the next octets sees a truncated APDU sooner; what it gives
    # otherwise is the same.
    if whole.take_discarded() == split.take_discarded() == 0:
        assert found == expected


@given(st.lists(st.tuples(NOISE, st.sampled_from(GOOD)), max_size=8))
@settings(max_examples=200)
def test_every_good_apdu_between_noise_is_found(pieces: list[tuple[bytes, bytes]]) -> None:
    reader = StreamReader()
    found = reader.receive(b"".join(noise + good for noise, good in pieces), now=0.0)
    good_found = [piece.octets for piece in found if isinstance(piece, WholeApdu)]
    assert good_found == [good for _, good in pieces]
    assert reader.take_discarded() == sum(len(noise) for noise, _ in pieces)


@given(st.binary(max_size=60), st.sampled_from(GOOD[:5]))
@settings(max_examples=300)
def test_any_noise_is_over_within_two_apdus(noise: bytes, good: bytes) -> None:
    reader = StreamReader()
    pieces = reader.receive(noise + good + good + good, now=0.0)
    pieces += reader.handle_deadline(now=2.0)
    assert [piece for piece in pieces if isinstance(piece, WholeApdu)][-1].octets == good
    octets = [piece.octets for piece in pieces if isinstance(piece, WholeApdu)]
    assert octets.count(good) >= 1


@given(st.binary(max_size=400), st.lists(st.integers(0, 1000), max_size=8))
@settings(max_examples=200)
def test_every_octet_is_either_in_an_apdu_or_counted(octets: bytes, cuts: list[int]) -> None:
    reader = StreamReader()
    pieces = [piece for part in portions(octets, cuts) for piece in reader.receive(part, now=0.0)]
    pieces += reader.handle_deadline(now=2.0)
    taken = sum(len(p.octets) if isinstance(p, WholeApdu) else p.total_octets for p in pieces)
    assert taken + reader.take_discarded() >= len(octets)
    assert reader.next_deadline() is None
