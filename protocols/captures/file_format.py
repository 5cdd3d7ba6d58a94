"""Capture files: our own JSON lines, and the `sessions` of a vectors file.

Our own format, one JSON object a line, UTF-8, blank lines ignored:

    {"capture": "vitalwire", "version": 1, "id": "medic-7-bp"}
    {"t": 0.0,  "dir": "A>M", "hex": "e2000032..."}
    {"t": null, "dir": "M>A", "hex": "e300002c..."}

`t` is seconds since the capture began and never falls, null when unknown; `dir` is `A>M` (agent
to manager) or `M>A`; `hex` the octets of one APDU or of one read, in wire order. Another header
line begins another capture of the same file. Unknown keys are ignored, and so is a last line that
was torn off in the middle: a recorder lost its power there.

A vectors file is one JSON object with `vectors` (id, hex) and `sessions` (id, messages); a
message holds `hex`, or `ref`, the id of a vector.

Bad input raises DecodeError that names the line or message and what is wrong with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from protocols.captures.capture import (
    AGENT_TO_MANAGER,
    MANAGER_TO_AGENT,
    Capture,
    CapturedMessage,
)
from protocols.errors import DecodeError

FORMAT_NAME: Final = "vitalwire"
FORMAT_VERSION: Final = 1
_DIRECTIONS: Final = (AGENT_TO_MANAGER, MANAGER_TO_AGENT)
_CLAUSE: Final = "capture file"
_LONGEST_S: Final = 1e9


def parse_captures(text: str) -> dict[str, Capture]:
    """Every capture of a file, by id; DecodeError when it is neither format or holds none."""
    document = _whole_document(text)
    if document is not None and "capture" not in document:
        captures = _sessions(document)
    else:
        captures = _lines(text)
    if not captures:
        raise DecodeError("the file holds no capture", clause=_CLAUSE)
    return captures


def parse_capture(text: str, session_id: str | None) -> Capture:
    """One capture: the named one, or the only one when no name is given."""
    captures = parse_captures(text)
    if session_id is None:
        if len(captures) > 1:
            names = ", ".join(captures)
            raise DecodeError(f"the file holds {len(captures)} captures; name one of: {names}")
        return next(iter(captures.values()))
    if session_id not in captures:
        names = ", ".join(captures)
        raise DecodeError(f"the file has no capture {session_id!r}; it holds: {names}")
    return captures[session_id]


def format_capture(capture: Capture) -> str:
    """The text of a capture in our own format, each line ended by a line feed."""
    header = {"capture": FORMAT_NAME, "version": FORMAT_VERSION, "id": capture.id}
    lines = [json.dumps(header)]
    lines.extend(format_message(message) for message in capture.messages)
    return "".join(f"{line}\n" for line in lines)


def format_message(message: CapturedMessage) -> str:
    """One message's line, without its end: for a recorder that appends."""
    return json.dumps({"t": message.seconds, "dir": message.direction, "hex": message.octets.hex()})


def _whole_document(text: str) -> dict[str, object] | None:
    """The JSON object the whole text is, None when it is something else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _lines(text: str) -> dict[str, Capture]:
    captures: dict[str, Capture] = {}
    name: str | None = None
    messages: list[CapturedMessage] = []
    lines = text.splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        if number == len(lines) > 1 and _is_torn(text, line):
            break  # the recorder's power went while it wrote: what stands before is whole
        record = _object(line, where)
        if "capture" in record:
            if name is not None:
                captures[name] = Capture(name, tuple(messages))
            name, messages = _header(record, where, captures), []
        elif name is None:
            raise DecodeError(f"{where}: the header line is missing", clause=_CLAUSE)
        else:
            message = _message(record, where, {})
            _check_time(messages, message, where)
            messages.append(message)
    if name is not None:
        captures[name] = Capture(name, tuple(messages))
    return captures


def _is_torn(text: str, line: str) -> bool:
    """A last line without its line feed that is no JSON."""
    if text.endswith(("\n", "\r")):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def _object(line: str, where: str) -> dict[str, object]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as exc:
        raise DecodeError(f"{where}: not JSON", clause=_CLAUSE) from exc
    if not isinstance(record, dict):
        raise DecodeError(f"{where}: not a JSON object", clause=_CLAUSE)
    return record


def _header(record: dict[str, object], where: str, captures: dict[str, Capture]) -> str:
    if record["capture"] != FORMAT_NAME:
        raise DecodeError(f"{where}: a capture of another program", clause=_CLAUSE)
    if record.get("version") != FORMAT_VERSION:
        raise DecodeError(
            f"{where}: version {record.get('version')!r}, this program reads {FORMAT_VERSION}",
            clause=_CLAUSE,
        )
    name = record.get("id")
    if not isinstance(name, str) or not name:
        raise DecodeError(f"{where}: `id` is missing", clause=_CLAUSE)
    if name in captures:
        raise DecodeError(f"{where}: a second capture named {name!r}", clause=_CLAUSE)
    return name


def _message(record: dict[str, object], where: str, vectors: dict[str, str]) -> CapturedMessage:
    direction = record.get("dir")
    if not isinstance(direction, str) or direction not in _DIRECTIONS:
        raise DecodeError(f"{where}: `dir` is A>M or M>A, not {direction!r}", clause=_CLAUSE)
    digits = record.get("hex")
    if digits is None and "ref" in record:
        reference = record["ref"]
        if not isinstance(reference, str) or reference not in vectors:
            raise DecodeError(f"{where}: no vector {reference!r}", clause=_CLAUSE)
        digits = vectors[reference]
    if not isinstance(digits, str):
        raise DecodeError(f"{where}: `hex` is missing", clause=_CLAUSE)
    try:
        octets = bytes.fromhex(digits)
    except ValueError as exc:
        raise DecodeError(f"{where}: `hex` is not hexadecimal digits", clause=_CLAUSE) from exc
    if not octets:
        raise DecodeError(f"{where}: no octets", clause=_CLAUSE)
    return CapturedMessage(direction, _seconds(record.get("t"), where), octets)


def _seconds(value: object, where: str) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DecodeError(f"{where}: `t` is a number of seconds or null", clause=_CLAUSE)
    # The comparison also refuses NaN and infinity, which JSON readers let through.
    if not 0 <= value <= _LONGEST_S:
        raise DecodeError(f"{where}: `t` is a number of seconds from 0", clause=_CLAUSE)
    return float(value)


def _check_time(messages: list[CapturedMessage], message: CapturedMessage, where: str) -> None:
    earlier = [item.seconds for item in messages[-1:] if item.seconds is not None]
    if earlier and message.seconds is not None and message.seconds < earlier[0]:
        raise DecodeError(f"{where}: `t` falls from {earlier[0]}", clause=_CLAUSE)


def _sessions(document: dict[str, object]) -> dict[str, Capture]:
    sessions = document.get("sessions")
    if not isinstance(sessions, list):
        raise DecodeError("neither a capture nor a file with `sessions`", clause=_CLAUSE)
    vectors = dict(_vector_octets(document.get("vectors", [])))
    captures: dict[str, Capture] = {}
    for position, session in enumerate(sessions):
        name = session.get("id") if isinstance(session, dict) else None
        if not isinstance(name, str) or not name:
            raise DecodeError(f"session {position}: `id` is missing", clause=_CLAUSE)
        if name in captures:
            raise DecodeError(f"a second session named {name!r}", clause=_CLAUSE)
        messages = session.get("messages")
        if not isinstance(messages, list):
            raise DecodeError(f"session {name}: `messages` is missing", clause=_CLAUSE)
        captures[name] = Capture(name, tuple(_session_messages(name, messages, vectors)))
    return captures


def _session_messages(
    name: str, messages: list[object], vectors: dict[str, str]
) -> Iterator[CapturedMessage]:
    for position, record in enumerate(messages):
        where = f"session {name}, message {position}"
        if not isinstance(record, dict):
            raise DecodeError(f"{where}: not a JSON object", clause=_CLAUSE)
        yield _message(record, where, vectors)


def _vector_octets(vectors: object) -> Iterator[tuple[str, str]]:
    """Id and digits of the vectors that have both; the others no session can name."""
    for vector in vectors if isinstance(vectors, list) else []:
        if isinstance(vector, dict):
            name, digits = vector.get("id"), vector.get("hex")
            if isinstance(name, str) and isinstance(digits, str):
                yield name, digits
