"""Capture files: our JSON lines and the sessions of a vectors file."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.captures import (
    AGENT_TO_MANAGER,
    MANAGER_TO_AGENT,
    Capture,
    CapturedMessage,
    format_capture,
    parse_capture,
    parse_captures,
)
from protocols.errors import DecodeError
from tests.vectors_folder import PHD_FILE, needs_vectors

HEADER = '{"capture": "vitalwire", "version": 1, "id": "one"}'

messages = st.builds(
    CapturedMessage,
    direction=st.sampled_from([AGENT_TO_MANAGER, MANAGER_TO_AGENT]),
    seconds=st.none(),
    octets=st.binary(min_size=1, max_size=20),
)


@given(st.lists(messages, max_size=5), st.text(min_size=1, max_size=20))
def test_a_capture_survives_writing_and_reading(items: list[CapturedMessage], name: str) -> None:
    capture = Capture(name, tuple(items))
    assert parse_capture(format_capture(capture), None) == capture


def test_times_and_directions_are_read() -> None:
    text = f'{HEADER}\n{{"t": 0.25, "dir": "M>A", "hex": "E300"}}\n\n'
    assert parse_capture(text, None).messages == (
        CapturedMessage(MANAGER_TO_AGENT, 0.25, b"\xe3\x00"),
    )


def test_one_file_holds_several_captures() -> None:
    second = HEADER.replace("one", "two")
    text = f'{HEADER}\n{{"dir": "A>M", "hex": "00"}}\n{second}\n{{"dir": "A>M", "hex": "01"}}\n'
    assert list(parse_captures(text)) == ["one", "two"]
    assert parse_capture(text, "two").messages[0].octets == b"\x01"
    with pytest.raises(DecodeError, match="name one of: one, two"):
        parse_capture(text, None)
    with pytest.raises(DecodeError, match="no capture 'three'; it holds: one, two"):
        parse_capture(text, "three")


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("{", "line 2: not JSON"),
        ("[1]", "line 2: not a JSON object"),
        ('{"dir": "X", "hex": "00"}', "line 2: `dir` is A>M or M>A, not 'X'"),
        ('{"dir": "A>M"}', "line 2: `hex` is missing"),
        ('{"dir": "A>M", "hex": "0"}', "line 2: `hex` is not hexadecimal digits"),
        ('{"dir": "A>M", "hex": ""}', "line 2: no octets"),
        ('{"dir": "A>M", "hex": "00", "t": "soon"}', "line 2: `t` is a number"),
        ('{"dir": "A>M", "hex": "00", "t": -1}', "line 2: `t` is a number of seconds from 0"),
        ('{"dir": "A>M", "hex": "00", "t": NaN}', "line 2: `t` is a number of seconds from 0"),
        ('{"dir": "A>M", "ref": "aarq"}', "line 2: no vector 'aarq'"),
        (HEADER, "line 2: a second capture named 'one'"),
        (HEADER.replace("1", "2"), "line 2: version 2, this program reads 1"),
        (HEADER.replace("vitalwire", "other"), "line 2: a capture of another program"),
    ],
)
def test_a_bad_line_is_named_with_its_fault(line: str, fault: str) -> None:
    with pytest.raises(DecodeError) as caught:
        parse_captures(f"{HEADER}\n{line}\n")
    assert fault in str(caught.value)


def test_falling_times_are_refused() -> None:
    lines = [HEADER, '{"t": 2, "dir": "A>M", "hex": "00"}', '{"t": 1, "dir": "A>M", "hex": "00"}']
    with pytest.raises(DecodeError, match="line 3: `t` falls from 2"):
        parse_captures("\n".join(lines))


@pytest.mark.parametrize("text", ["", "\n\n", "{}", '{"sessions": 3}', "hello", '{"sessions": []}'])
def test_a_file_of_another_kind_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        parse_captures(text)


def test_a_session_takes_its_octets_from_the_vector_it_names() -> None:
    document = {
        "vectors": [{"id": "hello", "hex": "e400"}],
        "sessions": [
            {
                "id": "s",
                "messages": [
                    {"dir": "A>M", "ref": "hello"},
                    {"dir": "M>A", "hex": "e500", "note": "whatever"},
                ],
            }
        ],
    }
    capture = parse_capture(json.dumps(document, indent=1), "s")
    assert [message.octets.hex() for message in capture.messages] == ["e400", "e500"]
    assert [message.octets.hex() for message in capture.sent_by(MANAGER_TO_AGENT)] == ["e500"]


def test_a_session_that_names_no_vector_says_which_message() -> None:
    document = {"sessions": [{"id": "s", "messages": [{"dir": "A>M", "ref": "nothing"}]}]}
    with pytest.raises(DecodeError, match="session s, message 0: no vector 'nothing'"):
        parse_captures(json.dumps(document))


@given(st.text(max_size=200))
def test_any_text_gives_captures_or_a_decode_error(text: str) -> None:
    with contextlib.suppress(DecodeError):
        parse_captures(text)


@needs_vectors
def test_the_recorded_sessions_are_read() -> None:
    captures = parse_captures(PHD_FILE.read_text(encoding="utf-8"))
    assert set(captures) >= {"antidote-bloodpressure", "novopen-pmstore"}
    pen = captures["novopen-pmstore"]
    assert pen.messages[0].octets[:2] == b"\xe2\x00"
    assert {message.direction for message in pen.messages} == {"A>M", "M>A"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"t": 0, "dir": "A>M", "hex": ""}\n{"capture": "vitalwire"}', "header line is missing"),
        ('{"sessions": [], "vectors": 1}', "holds no capture"),
        ('{"sessions": [1]}', "session 0: `id` is missing"),
        ('{"sessions": [{"id": "a", "messages": 1}]}', "`messages` is missing"),
        ('{"sessions": [{"id": "a", "messages": [1]}]}', "message 0: not a JSON object"),
        (
            '{"sessions": [{"id": "a", "messages": []}, {"id": "a", "messages": []}]}',
            "second session",
        ),
        ('{"capture": "vitalwire", "version": 1, "id": ""}\n{}', "`id` is missing"),
        (
            '{"capture": "vitalwire", "version": 1, "id": "a"}\n'
            '{"capture": "vitalwire", "version": 1, "id": "a"}',
            "second capture",
        ),
    ],
)
def test_every_fault_is_named(text: str, says: str) -> None:
    with pytest.raises(DecodeError, match=says):
        parse_captures(text)


def test_vectors_without_a_name_or_octets_are_passed_over() -> None:
    text = json.dumps(
        {
            "vectors": [1, {"id": 1, "hex": "00"}, {"id": "no octets"}, {"id": "v", "hex": "0a"}],
            "sessions": [{"id": "s", "messages": [{"dir": "A>M", "ref": "v"}]}],
        }
    )
    assert parse_capture(text, None).messages[0].octets == b"\x0a"
    odd = json.dumps({"vectors": 3, "sessions": [{"id": "s", "messages": []}]})
    assert parse_capture(odd, None).messages == ()


def test_a_capture_is_written_line_by_line() -> None:
    capture = Capture("one", (CapturedMessage(MANAGER_TO_AGENT, 0.5, b"\x01\x02"),))
    header, line = format_capture(capture).splitlines()
    assert json.loads(header) == json.loads(HEADER)
    assert json.loads(line) == {"t": 0.5, "dir": "M>A", "hex": "0102"}


def test_a_torn_last_line_costs_itself_alone() -> None:
    whole = f'{HEADER}\n{{"t": 0.5, "dir": "M>A", "hex": "0102"}}\n'
    torn = whole + '{"t": 1.0, "dir": "M>A", "he'
    assert parse_capture(torn, None) == parse_capture(whole, None)
    for text in (torn + "\n", torn + "\n" + '{"t": 2.0, "dir": "M>A", "hex": "03"}'):
        with pytest.raises(DecodeError, match="line 3: not JSON"):
            parse_captures(text)


def test_a_file_that_is_one_torn_line_is_refused() -> None:
    with pytest.raises(DecodeError, match="line 1: not JSON"):
        parse_captures(HEADER[:-5])
