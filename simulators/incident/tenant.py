"""The organisation an incident happens in: its cloud account and the gateway of its vehicle."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from simulators.errors import ProcessError
from simulators.incident.cloud_client import Credentials
from simulators.incident.guarded import guarded
from simulators.incident.plan import CLOUD

_SECONDS: Final = 120


@dataclass(frozen=True, slots=True)
class Tenant:
    """What `vitalwire-cloud bootstrap` prints once. Secrets are in no text."""

    tenant_id: str
    client: Credentials
    gateway_id: str
    gateway_secret: str = field(repr=False)


def bootstrap(name: str, data: Path, settings: Mapping[str, str], log: Path) -> Tenant:
    """Create the first tenant; ProcessError with the program's own words when it cannot."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("EDGE_", "CLOUD_"))}
    with log.open("ab") as errors:
        done = subprocess.run(  # noqa: S603 - our own program, no shell
            guarded([*CLOUD, "bootstrap", "--data", str(data), "--name", name, "--json"]),
            env={**environment, **settings},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            timeout=_SECONDS,
            check=False,
        )
    if done.returncode:
        words = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise ProcessError(words[-1] if words else f"the bootstrap failed. Look at {log}.")
    told = json.loads(done.stdout)
    return Tenant(
        tenant_id=str(told["tenant_id"]),
        client=Credentials(str(told["client_id"]), str(told["client_secret"])),
        gateway_id=str(told["gateway_id"]),
        gateway_secret=str(told["gateway_secret"]),
    )
