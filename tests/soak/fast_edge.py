"""The gateway on a fast clock: `python -m tests.soak.fast_edge --config FILE --clock FILE`.

The whole gateway as `vitalwire-edge run` composes it; only its clock and its loop are faster.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from edge.app import RunWishes, run
from edge.clock import Clock
from edge.settings import load_settings
from edge.status.logs import start_logging
from tests.soak.fast_clock import FastLoop, FastTime


def tell_ready(agents: str | None) -> None:
    """The line a starter waits for."""
    sys.stdout.write(json.dumps({"ready": "edge", "agents": agents, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()


async def until_told(config: Path, fast: FastTime) -> None:
    """Run until SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # Outside knows the right time and vouches for the wall clock while nobody set it wrong.
    clock = Clock(monotonic=fast.monotonic, utc=fast.utc, is_synchronised=lambda: fast.is_right)
    await run(load_settings(config), RunWishes(ready=tell_ready, stop=stop), clock=clock)


def main() -> None:
    """Be the gateway."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--clock", type=Path, required=True)
    options = parser.parse_args()
    fast = FastTime(options.clock)
    start_logging("info")
    with asyncio.Runner(loop_factory=lambda: FastLoop(fast.speed)) as runner:
        runner.run(until_told(options.config, fast))


if __name__ == "__main__":
    main()
