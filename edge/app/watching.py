"""What those on the machine may see of the running gateway, through its control socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.status.control import Answer, ControlSocket
from edge.status.log_tail import LogTail
from edge.status.reporter import StatusReporter

_LINES = 50


def register_watching(control: ControlSocket, reporter: StatusReporter, tail: LogTail) -> None:
    """`status`: the newest snapshot; `log`: the last lines of the log."""

    async def status(_asked: Mapping[str, Any]) -> Answer:
        return {"status": reporter.latest}

    async def log(_asked: Mapping[str, Any]) -> Answer:
        return {"lines": tail.lines(_LINES)}

    control.register("status", status)
    control.register("log", log)
