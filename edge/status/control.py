"""The way into a running gateway for the commands on the same machine: one socket in its folder.

One JSON object a line asks, one answers: `{"do": NAME, ...}` and `{"ok": true, ...}` or
`{"ok": false, "error": WORDS}`. The socket is readable by the gateway's user alone. What it can
do is registered by name, before it is served; nothing of it needs a patient's data.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.errors import EdgeError, SettingsError, StartError

log = logging.getLogger(__name__)

SOCKET_NAME: Final = "control.sock"
MOST_OCTETS: Final = 1 << 20
_MOST_CALLERS: Final = 8
_IDLE_SECONDS: Final = 60.0
_ASK_SECONDS: Final = 10.0
_PRIVATE: Final = 0o600

Answer = dict[str, Any]
Handler = Callable[[Mapping[str, Any]], Awaitable[Answer]]


@dataclass(slots=True)
class ControlSocket:
    """Answers the commands of this machine. Register handlers, then serve."""

    folder: Path
    is_served: asyncio.Event = field(default_factory=asyncio.Event)
    _handlers: dict[str, Handler] = field(default_factory=dict)
    _callers: int = 0

    def register(self, name: str, handler: Handler) -> None:
        """What `{"do": name}` does; its EdgeError is answered in words."""
        if name in self._handlers:
            raise AssertionError(f"{name} is registered twice")
        self._handlers[name] = handler

    async def run(self) -> None:
        """Serve until cancelled. StartError when the socket cannot be made."""
        with _short_path(self.folder) as path:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            door = socket.socket(socket.AF_UNIX)
            try:
                # Before it has a name: there is no moment in which others could call.
                os.fchmod(door.fileno(), _PRIVATE)
                door.bind(str(path))
                server = await asyncio.start_unix_server(self._serve, sock=door, limit=MOST_OCTETS)
            except OSError as exc:
                door.close()
                raise StartError(
                    f"the control socket cannot be made ({(exc.strerror or '').lower()})",
                    mend="Make room in the data folder",
                ) from exc
            try:
                async with server:
                    self.is_served.set()
                    await server.serve_forever()
            finally:
                self.is_served.clear()
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._callers += 1
        try:
            while self._callers <= _MOST_CALLERS:
                async with asyncio.timeout(_IDLE_SECONDS):
                    line = await reader.readline()
                if not line:
                    break
                answer = await self.answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (OSError, TimeoutError, ValueError):
            log.debug("a caller of the control socket went away")
        finally:
            self._callers -= 1
            writer.close()

    async def answer(self, line: bytes) -> Answer:
        """What one line asks; a fault of a handler is answered, told, and ends nothing."""
        try:
            asked = json.loads(line)
        except (ValueError, RecursionError):
            return _refusal("one JSON object a line is expected")
        if not isinstance(asked, dict) or not isinstance(asked.get("do"), str):
            return _refusal('an object with "do" is expected')
        handler = self._handlers.get(asked["do"])
        if handler is None:
            known = ", ".join(sorted(self._handlers)) or "nothing"
            return _refusal(f"this gateway cannot do that; it can do {known}")
        try:
            return {"ok": True, **await handler(asked)}
        except EdgeError as exc:
            return _refusal(str(exc))
        except Exception:
            log.exception("fault of a control command")
            return _refusal("fault in the program; its log says more")


def ask(folder: Path, do: str, /, **wishes: object) -> Answer:
    """Ask the gateway that runs on `folder`, and wait for its answer.

    SettingsError: none runs there, or it refuses; its words say why.
    """
    try:
        with socket.socket(socket.AF_UNIX) as line, _short_path(folder) as path:
            line.settimeout(_ASK_SECONDS)
            line.connect(str(path))
            line.sendall(json.dumps({"do": do, **wishes}).encode() + b"\n")
            with line.makefile("rb") as answers:
                said = answers.readline(MOST_OCTETS)
            answer: Answer = json.loads(said)
    except (FileNotFoundError, ConnectionRefusedError) as exc:
        raise SettingsError(
            f"no gateway runs on {folder}", mend="Start it, or name its settings with --config"
        ) from exc
    except PermissionError as exc:
        raise SettingsError(
            f"the gateway on {folder} belongs to another user",
            mend="Run this as the gateway's user (sudo -u vitalwire) or as root",
        ) from exc
    except (OSError, ValueError) as exc:
        raise SettingsError(
            f"the gateway on {folder} does not answer", mend="Look at its log and try again"
        ) from exc
    if not answer.pop("ok", False):
        raise SettingsError(str(answer.get("error", "refused")))
    return answer


def _refusal(words: str) -> Answer:
    return {"ok": False, "error": words}


@contextmanager
def _short_path(folder: Path) -> Iterator[Path]:
    """The socket's path by the folder's descriptor: a socket's name holds 107 octets at most."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield Path(f"/proc/self/fd/{descriptor}") / SOCKET_NAME
    finally:
        os.close(descriptor)
