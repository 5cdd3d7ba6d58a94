"""A capture as a device: it waits for the manager's answers, and ends when it is played."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.errors import SettingsError
from edge.transports.policy import TransportPolicy
from edge.transports.registry import open_line
from edge.transports.replay import ReplayTransport, first_invoke_id
from protocols.captures import (
    AGENT_TO_MANAGER,
    MANAGER_TO_AGENT,
    Capture,
    CapturedMessage,
    format_capture,
)

RELEASE = bytes.fromhex("e40000020000")
RELEASED = bytes.fromhex("e50000020000")
GET_0X1234 = bytes.fromhex("e700000e000c123401030006000000000000")
REPORT = bytes.fromhex("e700000e000c999901000006000000000000")


def capture(*messages: tuple[str, bytes]) -> Capture:
    return Capture(
        "made", tuple(CapturedMessage(direction, None, octets) for direction, octets in messages)
    )


async def soon(transport: ReplayTransport) -> bytes | None:
    """What it says at once; None when it waits."""
    try:
        return await asyncio.wait_for(transport.read(), 0.02)
    except TimeoutError:
        return None


async def test_the_agent_waits_for_as_many_messages_as_the_record_shows() -> None:
    transport = ReplayTransport(
        capture(
            (AGENT_TO_MANAGER, REPORT),
            (MANAGER_TO_AGENT, GET_0X1234 + GET_0X1234),
            (AGENT_TO_MANAGER, RELEASE),
            (MANAGER_TO_AGENT, RELEASED),
        )
    )
    assert await soon(transport) == REPORT
    assert await soon(transport) is None
    await transport.write(GET_0X1234)
    assert await soon(transport) is None
    await transport.write(GET_0X1234)
    assert await soon(transport) == RELEASE
    assert await soon(transport) is None, "the release waits for its answer"
    await transport.write(RELEASED)
    assert await soon(transport) == b""


async def test_an_agent_does_not_wait_for_ever_for_what_we_do_not_say() -> None:
    transport = ReplayTransport(
        capture((MANAGER_TO_AGENT, GET_0X1234), (AGENT_TO_MANAGER, REPORT)), patience_seconds=0.01
    )
    async with asyncio.timeout(5):
        assert await transport.read() == REPORT
        assert await transport.read() == b""


async def test_a_release_we_did_not_ask_for_is_not_answered() -> None:
    transport = ReplayTransport(
        capture((MANAGER_TO_AGENT, RELEASE), (AGENT_TO_MANAGER, RELEASED)), patience_seconds=0.01
    )
    async with asyncio.timeout(5):
        assert await transport.read() == b""


def test_the_recorded_manager_s_first_number_is_found() -> None:
    recorded = capture(
        (AGENT_TO_MANAGER, REPORT), (MANAGER_TO_AGENT, RELEASE), (MANAGER_TO_AGENT, GET_0X1234)
    )
    assert first_invoke_id(recorded) == 0x1234
    assert first_invoke_id(capture((AGENT_TO_MANAGER, REPORT))) == 0


async def test_opening_says_what_the_driver_must_know(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    recorded = capture((AGENT_TO_MANAGER, REPORT), (MANAGER_TO_AGENT, GET_0X1234))
    path.write_text(format_capture(recorded), encoding="utf-8")
    line = await open_line(f"replay:{path}#made", TransportPolicy())
    assert (line.first_invoke_id, line.plays_once) == (0x1234, True)
    assert await line.transport.read() == REPORT
    await line.transport.close()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{}", b"words", b'{"sessions": []}'])
async def test_a_file_that_is_no_capture_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match="holds no such capture"):
        await open_line(f"replay:{path}", TransportPolicy())


async def test_a_session_the_file_does_not_hold_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(format_capture(capture((AGENT_TO_MANAGER, REPORT))), encoding="utf-8")
    with pytest.raises(SettingsError, match="it holds: made"):
        await open_line(f"replay:{path}#other", TransportPolicy())
