"""The control socket: asked over a real socket, refused in words, it ends nothing."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from edge.errors import SettingsError
from edge.status.control import SOCKET_NAME, Answer, ControlSocket, ask


async def echo(asked: Mapping[str, Any]) -> Answer:
    return {"said": asked["say"]}


async def refuse(_asked: Mapping[str, Any]) -> Answer:
    raise SettingsError("there is no radio", mend="Plug one in")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder whose path is longer than a socket's name may be."""
    long = tmp_path / ("long" * 40)
    long.mkdir()
    return long


@pytest.fixture
async def control(folder: Path) -> AsyncIterator[ControlSocket]:
    served = ControlSocket(folder)
    served.register("echo", echo)
    served.register("refuse", refuse)
    task = asyncio.create_task(served.run())
    await served.is_served.wait()
    yield served
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not (folder / SOCKET_NAME).exists()


@pytest.mark.usefixtures("control")
async def test_a_command_is_carried_out(folder: Path) -> None:
    assert await asyncio.to_thread(ask, folder, "echo", say="pair") == {"said": "pair"}


@pytest.mark.usefixtures("control")
async def test_a_refusal_comes_back_in_words(folder: Path) -> None:
    with pytest.raises(SettingsError, match=r"there is no radio\. Plug one in\."):
        await asyncio.to_thread(ask, folder, "refuse")


@pytest.mark.usefixtures("control")
async def test_the_socket_is_the_gateway_users_alone(folder: Path) -> None:
    assert stat.S_IMODE((folder / SOCKET_NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense\n", "one JSON object"),
        (b"[" * 100_000, "one JSON object"),
        (b"[]\n", 'with "do"'),
        (b'{"do": 3}\n', 'with "do"'),
        (b'{"do": "fly"}\n', "it can do echo, refuse"),
        (b'{"do": "echo"}\n', "fault in the program"),
    ],
)
async def test_nonsense_is_answered(control: ControlSocket, line: bytes, words: str) -> None:
    answer = await control.answer(line)
    assert answer["ok"] is False
    assert words in answer["error"]


async def test_a_caller_too_many_is_sent_away(
    folder: Path, control: ControlSocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    del control
    monkeypatch.chdir(folder)
    calls = [await asyncio.open_unix_connection(SOCKET_NAME) for _ in range(8)]
    for _, writer in calls:
        writer.write(b'{"do": "echo", "say": 1}\n')
    for reader, _ in calls:
        assert json.loads(await reader.readline()) == {"ok": True, "said": 1}
    reader, ninth = await asyncio.open_unix_connection(SOCKET_NAME)
    assert await reader.readline() == b""
    for writer in (*(writer for _, writer in calls), ninth):
        writer.close()
        await writer.wait_closed()


async def test_where_none_runs_is_said(folder: Path) -> None:
    with pytest.raises(SettingsError, match="no gateway runs on"):
        await asyncio.to_thread(ask, folder, "echo")


async def test_a_socket_left_by_a_killed_gateway_is_no_hindrance(
    folder: Path, control: ControlSocket
) -> None:
    del control
    again = ControlSocket(folder)
    again.register("echo", echo)
    task = asyncio.create_task(again.run())
    await again.is_served.wait()
    assert (await asyncio.to_thread(ask, folder, "echo", say=1)) == {"said": 1}
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_a_name_is_registered_once(tmp_path: Path) -> None:
    control = ControlSocket(tmp_path)
    control.register("echo", echo)
    with pytest.raises(AssertionError, match="twice"):
        control.register("echo", echo)
