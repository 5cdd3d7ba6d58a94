"""The gateway of the incident's vehicle: its settings file, its process, what it says of itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulators.errors import ProcessError
from simulators.incident.plan import EDGE, HOST, VEHICLE
from simulators.incident.tenant import Tenant

_STATUS_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class Line:
    """A device the gateway calls: its name, and where it is (`serial:...`, `replay:...`)."""

    name: str
    transport: str


def write_settings(
    path: Path,
    tenant: Tenant,
    *,
    data: Path,
    agents_port: int,
    mqtt_url: str,
    http_url: str,
    lines: Sequence[Line],
    vehicle_id: str = VEHICLE,
) -> None:
    """The gateway's TOML file, readable by its owner alone: it holds the gateway's secret."""
    text = [
        f"gateway_id = {_quoted(tenant.gateway_id)}",
        f"tenant_id = {_quoted(tenant.tenant_id)}",
        f"vehicle_id = {_quoted(vehicle_id)}",
        f"gateway_secret = {_quoted(tenant.gateway_secret)}",
        f"data = {_quoted(str(data))}",
        f"listen = {_quoted(f'tcp:{HOST}:{agents_port}')}",
        "",
        "[uplink]",
        f"mqtt_url = {_quoted(mqtt_url)}",
        f"http_url = {_quoted(http_url)}",
        # All of it is on this machine: nobody else can say what time it is.
        "trust_plain_time = true",
    ]
    for line in lines:
        text += [
            "",
            "[[devices]]",
            f"name = {_quoted(line.name)}",
            f"transport = {_quoted(line.transport)}",
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(text) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    # A TOML basic string takes the escapes of JSON.
    return json.dumps(text)


def run_command(config: Path) -> list[str]:
    """The gateway's command line."""
    return [*EDGE, "run", "--config", str(config)]


def status(config: Path) -> dict[str, Any]:
    """What `vitalwire-edge status` tells; ProcessError when it tells nothing."""
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [*EDGE, "status", "--config", str(config), "--json"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_STATUS_SECONDS,
        check=False,
        text=True,
    )
    try:
        told = json.loads(done.stdout)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        words = done.stderr.strip().splitlines()
        raise ProcessError(words[-1] if words else "the gateway tells no status. Look at its log.")
    return told


def is_drained(told: dict[str, Any]) -> bool:
    """Whether nothing waits in the gateway any more."""
    buffer = told["buffer"]
    waiting = buffer["waiting"]
    rows = sum(waiting.values()) if isinstance(waiting, dict) else int(waiting)
    return rows == 0 and int(buffer["in_flight"]) == 0
