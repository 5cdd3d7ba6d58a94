"""A recorded exchange as a device: it says what the agent said, when the manager has answered.

Each message of the agent is delivered once the manager has written as many APDUs as the record
shows before it. Should our manager say less than the recorded one did, the agent goes on after
a short patience, as a device does. After the last message the line ends.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.errors import SettingsError
from edge.transports.base import KnownConfiguration, OpenedLine
from edge.transports.ble.replayed import RecordedDevice, lines_of, read_recorded
from edge.transports.policy import TransportPolicy
from protocols.captures import AGENT_TO_MANAGER, Capture, parse_capture
from protocols.errors import DecodeError, ProtocolError
from protocols.ieee20601.framing import StreamReader, WholeApdu
from protocols.model.codes import SystemId

PATIENCE_SECONDS: Final = 1.0
_PRST: Final = b"\xe7"
_RLRE: Final = b"\xe5"
_INVOKE_ID: Final = slice(6, 8)
_CHOICE: Final = slice(8, 10)
_REQUESTS: Final = range(0x0100, 0x0200)


@dataclass(frozen=True, slots=True)
class ReplayAddress:
    """A capture file, and which capture of it."""

    path: Path
    session: str | None


@dataclass(frozen=True, slots=True)
class _Line:
    """What the agent says next, after how many APDUs of the manager."""

    octets: bytes
    after: int


def parse_address(address: str) -> ReplayAddress:
    """Read `FILE[#SESSION]`; ValueError when there is no file name."""
    path, _, session = address.partition("#")
    if not path:
        raise ValueError("the file's name is missing")
    return ReplayAddress(Path(path), session or None)


async def open_line(address: str, policy: TransportPolicy) -> OpenedLine:  # noqa: ARG001 - an opener's form
    """Read the capture; SettingsError when the file does not hold it."""
    where = parse_address(address)
    try:
        text = await asyncio.to_thread(where.path.read_text, encoding="utf-8")
        capture = parse_capture(text, where.session)
        header, messages = lines_of(text, capture.id)
    except OSError as exc:
        raise SettingsError(
            f"the capture {where.path} cannot be read ({(exc.strerror or '').lower()})",
            mend="Name a file that exists in the device's transport",
        ) from exc
    except (UnicodeDecodeError, DecodeError) as exc:
        raise SettingsError(
            f"{where.path} holds no such capture ({exc})",
            mend="Name a capture file, and after # one of its captures",
        ) from exc
    if header.get("kind") == "gatt":
        recorded = _recorded(header, messages)
        return OpenedLine(
            ReplayTransport(Capture(capture.id, ())), plays_once=True, recorded=recorded
        )
    return OpenedLine(
        ReplayTransport(capture),
        first_invoke_id=first_invoke_id(capture),
        plays_once=True,
        configurations=_configurations(header),
    )


def _recorded(header: dict[str, object], messages: list[dict[str, object]]) -> RecordedDevice:
    try:
        return read_recorded(header, messages)
    except (KeyError, TypeError, ValueError, ProtocolError) as exc:
        raise SettingsError(
            "the capture of a radio device lacks what it takes to play it",
            mend="Export the recording again",
        ) from exc


def _configurations(header: dict[str, object]) -> tuple[KnownConfiguration, ...]:
    stated = header.get("configurations", [])
    try:
        return tuple(
            KnownConfiguration(
                SystemId.parse(str(item["system_id"])),
                int(item["config_id"]),
                bytes.fromhex(item["configuration"]),
            )
            for item in (stated if isinstance(stated, list) else [])
        )
    except (KeyError, TypeError, ValueError, ProtocolError) as exc:
        raise SettingsError(
            "the capture's configurations cannot be read", mend="Export the recording again"
        ) from exc


def first_invoke_id(capture: Capture) -> int:
    """The number of the recorded manager's first request, which the record's answers echo."""
    for message in capture.messages:
        octets = message.octets
        if message.direction == AGENT_TO_MANAGER or octets[:1] != _PRST:
            continue
        if int.from_bytes(octets[_CHOICE], "big") in _REQUESTS:
            return int.from_bytes(octets[_INVOKE_ID], "big")
    return 0


class ReplayTransport:
    """One capture being played."""

    def __init__(self, capture: Capture, *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._lines, self._last_answers = _script(capture)
        self._next = 0
        self._written = 0
        self._patience_seconds = patience_seconds
        self._answered = asyncio.Event()

    async def read(self) -> bytes:
        """The agent's next message once it has been answered; b"" after the last one."""
        is_over = self._next >= len(self._lines)
        needed = self._last_answers if is_over else self._lines[self._next].after
        while self._written < needed:
            self._answered.clear()
            try:
                async with asyncio.timeout(self._patience_seconds):
                    await self._answered.wait()
            except TimeoutError:
                self._written = needed
                # The recorded manager released; ours does not, so the agent has nothing to answer.
                is_over = is_over or self._lines[self._next].octets[:1] == _RLRE
        if is_over:
            return b""
        line = self._lines[self._next]
        self._next += 1
        return line.octets

    async def write(self, data: bytes) -> None:
        """Count what the manager says; what it says is judged by nobody here."""
        self._written += _count_apdus(data)
        self._answered.set()

    async def close(self) -> None:
        """Nothing is held."""


def _script(capture: Capture) -> tuple[list[_Line], int]:
    lines, said = [], bytearray()
    for message in capture.messages:
        if message.direction == AGENT_TO_MANAGER:
            lines.append(_Line(message.octets, _count_apdus(bytes(said))))
        else:
            said += message.octets
    return lines, _count_apdus(bytes(said))


def _count_apdus(octets: bytes) -> int:
    found = StreamReader().receive(octets, now=0.0)
    return sum(isinstance(item, WholeApdu) for item in found)
