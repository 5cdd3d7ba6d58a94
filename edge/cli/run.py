"""vitalwire-edge run: the gateway itself."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app import RunWishes, run_configured
from edge.cli.base import add_command
from edge.status.logs import start_logging

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(commands, "run", "run the gateway")
    command.add_argument("--config", type=Path, metavar="FILE", help="settings, one TOML file")
    command.add_argument(
        "--exit-when-idle",
        action="store_true",
        help="end by itself when every configured device has ended and the cloud has everything",
    )
    command.add_argument(
        "--drain-seconds",
        type=float,
        default=60.0,
        metavar="N",
        help="with --exit-when-idle: how long to wait for the cloud (default 60)",
    )
    command.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="the least that is logged (default info)",
    )
    command.add_argument(
        "--log-format",
        choices=("text", "json"),
        default="text",
        help="form of the log lines (default text)",
    )
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Run until told to stop."""
    start_logging(options.log_level, options.log_format)

    async def until_told() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await run_configured(
            options.config,
            RunWishes(
                ready=_tell_ready,
                stop=stop,
                exit_when_idle=options.exit_when_idle,
                drain_seconds=options.drain_seconds,
            ),
        )

    asyncio.run(until_told())
    return 0


def _tell_ready(agents: str | None) -> None:
    # The line is for whoever started us, on this machine: a wildcard address is no use there.
    reachable = agents and agents.replace("tcp:0.0.0.0:", "tcp:127.0.0.1:").replace(
        "tcp:[::]:", "tcp:[::1]:"
    )
    print(json.dumps({"ready": "edge", "agents": reachable, "pid": os.getpid()}), flush=True)
