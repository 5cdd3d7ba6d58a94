"""Whatever a monitor says: nothing raises, and a good message after it is read."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.framing.hdlc import write_frame
from protocols.monitors.base import ObservationsMade, SessionOptions
from protocols.monitors.intellivue import RS232_FORM, IntelliVueSession
from protocols.monitors.intellivue_association import (
    PollOption,
    SystemType,
    UserInformation,
    encode_response,
)
from tests.vectors import intellivue as vectors

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ACCEPTED = encode_response(UserInformation(system=SystemType.SERVER, options=PollOption.WAVES))
MESSAGES = (vectors.LINKED_NUMERICS, vectors.ECG_OBJECT, vectors.MDS_CREATE, vectors.EMPTY_RESULT)
CHANGES = st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=4)


def changed(message: bytes, changes: list[tuple[int, int]]) -> bytes:
    octets = bytearray(message)
    for at, octet in changes:
        # The first octet stays: another one could be an abort, which ends a session rightly.
        octets[1 + at % (len(octets) - 1)] = octet
    return write_frame(bytes(octets), RS232_FORM)


def receive(session: IntelliVueSession, line: bytes) -> list[object]:
    session.receive_data(line, now=0.0, utc=NOW)
    events: list[object] = []
    while (event := session.next_event()) is not None:
        events.append(event)
    return events


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(MESSAGES), CHANGES), max_size=4), st.binary(max_size=30))
def test_no_damaged_message_stops_a_session(
    said: list[tuple[bytes, list[tuple[int, int]]]], noise: bytes
) -> None:
    session = IntelliVueSession(SessionOptions())
    session.transport_connected(now=0.0)
    receive(session, write_frame(ACCEPTED, RS232_FORM) + changed(vectors.MDS_CREATE, []))
    for message, changes in said:
        receive(session, changed(message, changes))
    receive(session, noise)
    # A live value follows: whatever was said before, it is read.
    events = receive(session, b"\xc0" + changed(vectors.LINKED_NUMERICS, []))
    assert any(isinstance(event, ObservationsMade) for event in events)
