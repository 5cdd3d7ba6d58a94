"""The control socket: orders from another process, one JSON line each, one line of answer.

{"do": "vanish", "device": "oximeter"}       ->  {"ok": true}
{"do": "calls", "member": "Connect"}         ->  {"ok": true, "calls": 4}
{"do": "tea"}                                ->  {"ok": false, "error": "There is no ..."}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from pathlib import Path
from types import TracebackType
from typing import Final

from simulators.bluetooth.faults.order import Answer
from simulators.bluetooth.faults.plan import FaultPlan
from simulators.errors import SimulatorError

_LONGEST_LINE: Final = 1 << 16


class ControlServer:
    """Orders at a unix socket; it is gone with the block."""

    def __init__(self, plan: FaultPlan, path: Path) -> None:
        self._plan = plan
        self._path = path
        self._server: asyncio.Server | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> ControlServer:
        self._server = await asyncio.start_unix_server(
            self._serve, path=self._path, limit=_LONGEST_LINE
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError), contextlib.closing(writer):
            while line := await reader.readline():
                answer = await self._answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()

    async def _answer(self, line: bytes) -> Answer:
        try:
            fields = json.loads(line)
        except ValueError:
            return {"ok": False, "error": "That is no JSON."}
        if not isinstance(fields, dict):
            return {"ok": False, "error": "An order is a JSON object."}
        try:
            async with self._turn:
                return {"ok": True, **await self._plan.carry_out(fields)}
        except SimulatorError as error:
            return {"ok": False, "error": str(error)}
