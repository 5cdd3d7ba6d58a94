"""What gateways say over the answers channel comes back as it was, and nothing else passes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.uplink import answer_codec as codec
from protocols.uplink import commands as cmd

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
texts = st.text(max_size=40)
times = st.integers(0, 4_000_000_000_000_000).map(
    lambda micros: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
)
answers = st.one_of(
    st.builds(
        cmd.CommandAnswer,
        command_id=st.uuids(),
        outcome=st.sampled_from(cmd.Outcome),
        at=times,
        reason=texts,
        facts=st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    ),
    st.builds(
        cmd.DeviceEnrolment,
        enrolment_id=st.uuids(),
        at=times,
        serial_number=texts,
        manufacturer=texts,
        device_class=texts,
        system_id=texts,
        model=texts,
    ),
    st.builds(
        cmd.GatewayReport,
        at=times,
        version=texts,
        vehicle_id=texts,
        configuration_version=st.integers(0, 2**31 - 1),
        backlog_rows=st.integers(0, 2**31 - 1),
        oldest_at=st.none() | times,
    ),
    st.builds(cmd.CertificateRequest, at=times, request=texts),
)


@given(answers)
@settings(max_examples=40)
def test_an_answer_comes_back_as_it_was(sent: cmd.Answer) -> None:
    assert codec.decode_answer(codec.encode_answer(sent)) == sent


@given(answers, st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=100)
def test_a_mutated_answer_raises_nothing_but_decode_error(
    sent: cmd.Answer, place: int, octet: int
) -> None:
    octets = bytearray(codec.encode_answer(sent))
    octets[place % len(octets)] = octet
    try:
        codec.decode_answer(bytes(octets))
    except DecodeError:
        return


@pytest.mark.parametrize(
    "members",
    [
        ("a", 2, UUID(int=1), "done", NOON),
        ("a", 1, UUID(int=1), "perhaps", NOON),
        ("a", 1, UUID(int=1), "done", NOON.replace(tzinfo=None)),
        ("a", 1, UUID(int=1), "done", NOON, "x" * 5000),
        ("a", 1, UUID(int=1), "done", NOON, "", [("n", "v")] * 33),
        ("d", 1, UUID(int=1), NOON, "s" * 5000, "Acme", "oximeter"),
        ("r", 1, NOON, "0.1", "A-1", 0, -1),
        ("r", 1, NOON, "v" * 65, "A-1"),
        ("r", 1, NOON, "0.1", "v" * 65),
        ("r", 1, NOON, "0.1", "A-1", 0, 0, NOON.replace(tzinfo=None)),
        ("c", 1, NOON, "x" * 9000),
        ("z", 1),
    ],
)
def test_a_spoilt_answer_is_refused(members: tuple[object, ...]) -> None:
    with pytest.raises(DecodeError):
        codec.decode_answer(msgspec.msgpack.encode(members))
