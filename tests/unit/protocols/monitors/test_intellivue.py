"""A session with a monitor that answers with captured octets: begin, poll, end, and all faults."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from protocols.errors import LocalProtocolError
from protocols.framing.hdlc import Frame, FrameReader, write_frame
from protocols.monitors.base import (
    LineDiscarded,
    MonitorDescribed,
    MonitorEvent,
    MonitorWarning,
    ObservationsMade,
    SessionEnded,
    SessionOptions,
)
from protocols.monitors.intellivue import RS232_FORM, IntelliVueSession, SessionState
from protocols.monitors.intellivue_association import (
    ABORT,
    RELEASE_REQUEST,
    RELEASE_RESPONSE,
    PollOption,
    SystemType,
    UserInformation,
    decode_information,
    encode_response,
)
from protocols.monitors.intellivue_pdus import MdsCreate, decode_data, encode_mds_create_answer
from tests.vectors import intellivue as vectors

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GRANTED = PollOption.NUMERICS_EVERY_SECOND | PollOption.WAVES
ACCEPTED = encode_response(UserInformation(system=SystemType.SERVER, options=GRANTED))
ECG_DESCRIBED = vectors.ECG_OBJECT
REFUSED_REQUEST = bytes.fromhex("E1000002 0003 0006 0007 0002 0000")


class Twin:
    """Both ends: the session, and a monitor that says what a test puts on its line."""

    def __init__(self, *, poll_seconds: float = 1.0, waves: bool = True) -> None:
        options = SessionOptions(poll_seconds=poll_seconds, waves=waves)
        self.session = IntelliVueSession(options)
        self.reader = FrameReader(RS232_FORM)
        self.now = 0.0

    def heard(self) -> list[bytes]:
        """The messages the session sent since the last call."""
        line = b"".join(self.session.data_to_send())
        frames = self.reader.receive(line, now=self.now)
        return [frame.content for frame in frames if isinstance(frame, Frame)]

    def say(self, *messages: bytes) -> list[MonitorEvent]:
        """Put messages on the line, an octet at a time; what happened."""
        line = b"".join(write_frame(message, RS232_FORM) for message in messages)
        for octet in line:
            utc = NOON + timedelta(seconds=self.now)
            self.session.receive_data(bytes([octet]), now=self.now, utc=utc)
        return self.events()

    def events(self) -> list[MonitorEvent]:
        found = []
        while (event := self.session.next_event()) is not None:
            found.append(event)
        return found

    def wait(self, seconds: float) -> list[MonitorEvent]:
        """Let time pass from deadline to deadline; what happened."""
        end = self.now + seconds
        while (due := self.session.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.session.handle_deadline(now=self.now)
        self.now = end
        return self.events()

    def start(self) -> list[MonitorEvent]:
        """Up to polling; what was told on the way."""
        self.session.transport_connected(now=self.now)
        events = self.say(ACCEPTED, vectors.MDS_CREATE)
        assert self.session.state is SessionState.POLLING
        return events


def test_a_session_begins_with_a_request_for_numerics_and_waves() -> None:
    twin = Twin()
    twin.session.transport_connected(now=0.0)
    (request,) = twin.heard()
    assert decode_information(request).options == GRANTED
    assert twin.session.state is SessionState.ASSOCIATING


def test_without_waves_none_are_asked_for() -> None:
    twin = Twin(waves=False)
    events = twin.start()
    request, _, poll = twin.heard()
    assert decode_information(request).options == PollOption.NUMERICS_EVERY_SECOND
    assert poll == vectors.POLL_REQUEST
    assert [type(event) for event in events] == [MonitorDescribed]


def test_the_mds_is_confirmed_and_the_first_poll_follows() -> None:
    twin = Twin()
    (described,) = twin.start()
    assert isinstance(described, MonitorDescribed)
    assert described.info.model == "M8000"
    _, answer, numerics, waves = twin.heard()
    event = decode_data(vectors.MDS_CREATE)
    assert isinstance(event, MdsCreate)
    assert answer == encode_mds_create_answer(event)
    assert numerics == vectors.POLL_REQUEST
    assert waves.endswith(bytes.fromhex("f13e0004") + (480_000).to_bytes(4, "big"))


def test_a_repeated_mds_report_is_confirmed_again_and_changes_nothing() -> None:
    twin = Twin()
    twin.start()
    twin.heard()
    assert twin.say(vectors.MDS_CREATE) == []
    assert len(twin.heard()) == 1


def test_numerics_are_asked_for_every_second_and_waves_before_their_time_is_over() -> None:
    twin = Twin()
    twin.start()
    twin.heard()
    for _ in range(49):
        twin.wait(1.0)
        twin.say(vectors.EMPTY_RESULT)
    assert len(twin.heard()) == 49
    twin.wait(1.0)
    numerics, waves = twin.heard()
    assert numerics[24:26] != waves[24:26]
    assert waves.endswith((480_000).to_bytes(4, "big"))


def test_a_result_s_observations_are_told() -> None:
    twin = Twin()
    twin.start()
    (made,) = twin.say(vectors.LINKED_NUMERICS, vectors.EMPTY_RESULT, ECG_DESCRIBED)
    assert isinstance(made, ObservationsMade)
    assert [one.type.term for one in made.observations] == [18964, 18442, 18948]


def test_what_cannot_be_read_is_a_warning_and_the_session_goes_on() -> None:
    twin = Twin()
    twin.start()
    cut = vectors.LINKED_NUMERICS[:200]
    bad_object = vectors.ECG_OBJECT.replace(bytes.fromhex("0940"), bytes.fromhex("0950"))
    mended = twin.say(cut, b"", bytes(5000), REFUSED_REQUEST, bytes.fromhex("E100000200040000"))
    assert [type(event) for event in mended] == [MonitorWarning] * 5
    (warning,) = twin.say(bad_object)
    assert isinstance(warning, MonitorWarning)
    assert warning.text.startswith("object 1:686: ")
    assert isinstance(twin.say(vectors.LINKED_NUMERICS)[0], ObservationsMade)


def test_damage_on_the_line_is_told_and_costs_one_message() -> None:
    twin = Twin()
    twin.start()
    damaged = bytearray(write_frame(vectors.LINKED_NUMERICS, RS232_FORM))
    damaged[-20] ^= 0x01
    twin.session.receive_data(b"noise" + bytes(damaged), now=0.0, utc=NOON)
    assert twin.events() == [LineDiscarded(5 + len(damaged))]
    assert isinstance(twin.say(vectors.LINKED_NUMERICS)[0], ObservationsMade)


def test_a_message_that_does_not_end_is_given_up() -> None:
    twin = Twin()
    twin.start()
    twin.session.receive_data(b"\xc0\x11\x01", now=0.0, utc=NOON)
    assert LineDiscarded(3) in twin.wait(3.0)


def test_a_monitor_that_is_not_there_is_asked_again_and_given_up() -> None:
    twin = Twin()
    twin.session.transport_connected(now=0.0)
    assert twin.wait(9.5) == []
    assert len(twin.heard()) == 4
    assert twin.wait(1.0) == [SessionEnded("the monitor does not answer")]
    assert twin.heard() == [ABORT]
    assert twin.session.next_deadline() is None
    assert twin.say(ACCEPTED) == []


def test_a_monitor_that_falls_silent_is_given_up() -> None:
    twin = Twin()
    twin.start()
    assert twin.wait(10.0) == [SessionEnded("the monitor does not answer")]
    assert twin.heard()[-1] == ABORT


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (bytes.fromhex("0c00"), "the monitor refused the association"),
        (ABORT, "the monitor aborted"),
    ],
)
def test_a_refusal_or_an_abort_ends_the_session(message: bytes, reason: str) -> None:
    twin = Twin()
    twin.session.transport_connected(now=0.0)
    assert twin.say(message) == [SessionEnded(reason)]
    assert twin.session.state is SessionState.ENDED
    assert twin.say(ACCEPTED, vectors.MDS_CREATE) == []


def test_a_monitor_that_releases_is_answered() -> None:
    twin = Twin()
    twin.start()
    twin.heard()
    assert twin.say(RELEASE_REQUEST) == [SessionEnded("", released=True)]
    assert twin.heard() == [RELEASE_RESPONSE]


def test_we_release_in_good_order() -> None:
    twin = Twin()
    twin.start()
    twin.heard()
    twin.session.release(now=twin.now)
    assert twin.heard() == [RELEASE_REQUEST]
    assert twin.say(vectors.LINKED_NUMERICS) == []
    assert twin.say(RELEASE_RESPONSE) == [SessionEnded("", released=True)]


def test_an_unanswered_release_ends_too() -> None:
    twin = Twin()
    twin.start()
    twin.session.release(now=0.0)
    assert twin.wait(10.0) == [SessionEnded("the monitor does not answer")]


def test_what_has_no_place_in_a_state_changes_nothing() -> None:
    twin = Twin()
    twin.session.transport_connected(now=0.0)
    assert twin.say(RELEASE_RESPONSE, vectors.LINKED_NUMERICS, vectors.MDS_CREATE) == []
    assert twin.say(ACCEPTED) == []
    (warning,) = twin.say(vectors.LINKED_NUMERICS)
    assert isinstance(warning, MonitorWarning)
    assert twin.say(ACCEPTED) == []
    assert twin.session.state is SessionState.STARTING


def test_a_monitor_that_grants_no_waves_is_polled_all_the_same() -> None:
    twin = Twin()
    twin.session.transport_connected(now=0.0)
    plain = UserInformation(system=SystemType.SERVER, options=PollOption.NUMERICS_EVERY_SECOND)
    assert twin.say(encode_response(plain)) == [MonitorWarning("the monitor grants no waveforms")]
    assert isinstance(twin.say(vectors.MDS_CREATE)[0], MonitorDescribed)


def test_a_deadline_that_is_not_due_changes_nothing() -> None:
    twin = Twin()
    twin.session.handle_deadline(now=0.0)
    twin.start()
    twin.heard()
    twin.session.handle_deadline(now=0.5)
    assert twin.heard() == []
    assert twin.session.next_deadline() == 1.0


def test_a_line_that_is_lost_after_the_end_tells_nothing_more() -> None:
    twin = Twin()
    twin.start()
    twin.say(ABORT)
    twin.session.transport_closed(now=1.0)
    assert twin.events() == []
    assert twin.session.state is SessionState.CLOSED


def test_a_lost_line_ends_the_session_and_a_new_one_begins_afresh() -> None:
    twin = Twin()
    twin.start()
    twin.session.transport_closed(now=1.0)
    assert twin.events() == [SessionEnded("the line is gone")]
    assert twin.heard() == []
    assert [type(event) for event in twin.start()] == [MonitorDescribed]


@pytest.mark.parametrize(
    "act",
    [
        lambda session: session.release(now=0.0),
        lambda session: session.receive_data(b"", now=0.0, utc=NOON),
    ],
    ids=["release", "octets"],
)
def test_nothing_can_be_done_without_a_transport(act: Callable[[IntelliVueSession], None]) -> None:
    with pytest.raises(LocalProtocolError):
        act(IntelliVueSession(SessionOptions()))
