"""Commands and answers come back as they were, and nothing else passes for one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.model.codes import MdcCode
from protocols.uplink import command_codec as codec
from protocols.uplink import commands as cmd
from protocols.uplink.bounded import MOST_OCTETS

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
texts = st.text(max_size=40)
times = st.integers(0, 4_000_000_000_000_000).map(
    lambda micros: datetime.fromtimestamp(0, UTC) + timedelta(microseconds=micros)
)
codes = st.builds(MdcCode, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
EVERY_REQUEST: tuple[st.SearchStrategy[cmd.Request], ...] = (
    st.builds(
        cmd.BindEncounter,
        encounter_id=texts,
        number=texts,
        started_at=times,
        complaint=texts,
        sex=texts,
    ),
    st.builds(cmd.ReleaseEncounter, encounter_id=texts, status=texts),
    st.builds(cmd.ApplyConfiguration, signed=texts),
    st.builds(
        cmd.SendWaveformWindow,
        from_at=times,
        to_at=times,
        leads=st.lists(codes, max_size=4).map(tuple),
    ),
    st.just(cmd.ReadClock()),
    st.just(cmd.RenewCredentials()),
    st.just(cmd.ArriveAtStation()),
    st.just(cmd.LeaveStation()),
    st.builds(cmd.Revoke, reason=texts),
    st.builds(cmd.InstallCertificate, certificate=texts),
    st.builds(
        cmd.ListDevices,
        version=st.integers(0, 2**40),
        devices=st.lists(
            st.builds(
                cmd.EnrolledDevice,
                system_id=texts,
                serial_number=texts,
                manufacturer=texts,
                vehicle_id=texts,
            ),
            max_size=3,
        ).map(tuple),
        settled=st.lists(st.uuids(), max_size=2).map(tuple),
        outcomes=st.lists(
            st.builds(
                cmd.EnrolmentOutcome,
                enrolment_id=st.uuids(),
                state=texts,
                reason=texts,
                code=texts,
                vehicle_id=texts,
            ),
            max_size=2,
        ).map(tuple),
    ),
)
requests: st.SearchStrategy[cmd.Request] = st.one_of(*EVERY_REQUEST)
commands = st.builds(
    cmd.Command, command_id=st.uuids(), issued_at=times, expires_at=times, request=requests
)


def command(request: cmd.Request) -> cmd.Command:
    return cmd.Command(
        command_id=UUID(int=7),
        issued_at=NOON,
        expires_at=NOON + timedelta(hours=1),
        request=request,
    )


def envelope(**changes: object) -> bytes:
    """A command's wire array with members of its own."""
    members: dict[str, object] = {
        "version": 1,
        "command_id": UUID(int=7),
        "kind": "clock.read",
        "issued_at": NOON,
        "expires_at": NOON,
        "request": (),
    }
    return msgspec.msgpack.encode(tuple((members | changes).values()))


@given(commands)
@settings(max_examples=80)
def test_a_command_comes_back_as_it_was(sent: cmd.Command) -> None:
    assert codec.decode_command(codec.encode_command(sent)) == sent


@given(st.binary(max_size=120))
@settings(max_examples=100)
def test_noise_raises_nothing_but_decode_error(noise: bytes) -> None:
    for decode in (codec.decode_command, codec.decode_commands):
        try:
            decode(noise)
        except DecodeError:
            continue


@given(commands, st.integers(0, 400), st.integers(0, 255))
@settings(max_examples=100)
def test_a_mutated_command_raises_nothing_but_decode_error(
    sent: cmd.Command, place: int, octet: int
) -> None:
    octets = bytearray(codec.encode_command(sent))
    octets[place % len(octets)] = octet
    try:
        codec.decode_command(bytes(octets))
    except DecodeError:
        return


def test_a_kind_of_tomorrow_survives_with_its_octets() -> None:
    unknown = command(cmd.UnknownRequest(kind="coffee.brew", octets=b"\x92\x01\x02"))
    assert codec.decode_command(codec.encode_command(unknown)) == unknown


@pytest.mark.parametrize(
    ("kind", "request_"),
    [
        ("encounter.bind", ("enc_1", 7)),
        ("encounter.bind", ("enc_1", "I-1", NOON.replace(tzinfo=None))),
        ("waveform.window", (NOON, NOON, (1 << 40,))),
        ("waveform.window", "soon"),
        ("devices.list", ("x",)),
        ("revoke", (7,)),
    ],
)
def test_a_known_kind_that_cannot_be_read_comes_as_unknown(kind: str, request_: object) -> None:
    read = codec.decode_command(envelope(kind=kind, request=request_))
    assert isinstance(read.request, cmd.UnknownRequest)
    assert read.kind == kind


def test_what_a_newer_writer_adds_at_the_end_is_passed_over() -> None:
    read = codec.decode_command(envelope(kind="revoke", request=("stolen", "more")))
    assert read.request == cmd.Revoke(reason="stolen")


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"kind": ""},
        {"kind": "k" * 65},
        {"issued_at": NOON.replace(tzinfo=None)},
        {"expires_at": NOON.replace(tzinfo=None)},
        {"command_id": "seven"},
    ],
)
def test_a_spoilt_command_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(DecodeError):
        codec.decode_command(envelope(**changes))


def test_nothing_larger_than_the_bound_is_read() -> None:
    with pytest.raises(DecodeError, match="octets"):
        codec.decode_command(bytes(MOST_OCTETS + 1))


def test_several_commands_travel_in_one_body_up_to_a_bound() -> None:
    first = codec.encode_command(command(cmd.ReadClock()))
    body = codec.encode_commands((first, first))
    assert codec.decode_commands(body) == (first, first)
    with pytest.raises(DecodeError, match="more than one body"):
        codec.decode_commands(codec.encode_commands((b"",) * 65))


@pytest.mark.parametrize("strategy", EVERY_REQUEST, ids=range(len(EVERY_REQUEST)))
@settings(max_examples=5)
@given(data=st.data())
def test_every_kind_of_request_comes_back(
    strategy: st.SearchStrategy[cmd.Request], data: st.DataObject
) -> None:
    """Chance alone does not choose every kind in a few examples."""
    sent = command(data.draw(strategy))
    assert codec.decode_command(codec.encode_command(sent)) == sent
