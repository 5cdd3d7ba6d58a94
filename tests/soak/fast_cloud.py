"""The cloud on a fast clock: `python -m tests.soak.fast_cloud serve|bootstrap ... --clock FILE`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloud.app.bootstrap import bootstrap
from cloud.app.logs import log_to_stderr
from cloud.app.opening import opened
from cloud.app.parts import Parts
from cloud.app.programs import serve
from cloud.settings import CloudSettings, read_settings
from tests.soak.fast_clock import FastTime


@contextmanager
def fast_parts(settings: CloudSettings, fast: FastTime) -> Iterator[Parts]:
    """The opened parts, on another clock."""
    with opened(settings) as parts:
        yield Parts(
            settings=settings, database=parts.database, vault=parts.vault, clock=fast.right_utc
        )


def show(line: str) -> None:
    """One line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Be the cloud, or make its first tenant."""
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=("serve", "bootstrap"))
    parser.add_argument("--clock", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mqtt-port", type=int, default=0)
    options = parser.parse_args()
    given = {
        "data": options.data,
        "host": "127.0.0.1",
        "port": options.port,
        "mqtt_host": "127.0.0.1",
        "mqtt_port": options.mqtt_port,
    }
    settings = read_settings(None, given)
    log_to_stderr(settings.log_level)
    with fast_parts(settings, FastTime(options.clock)) as parts:
        if options.command == "serve":
            asyncio.run(serve(parts))
            return
        bootstrap(parts, "Soak", lambda made: show(json.dumps(made)))


if __name__ == "__main__":
    main()
