"""graphql-request against the served cloud, and the how-to page run as it is written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.judges import HERE, install_node_packages
from tests.acceptance.judges import run as run_tool
from tests.fixtures.graphql_apps import ACQI, APRIL
from tests.integration.test_cloud_programs import run, started
from tests.postgres import PROJECT_ENVIRONMENT

pytestmark = pytest.mark.acceptance

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "ask-over-graphql.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Ground:
    """A running server, what its page asks for, and what the page left behind."""

    variables: dict[str, str]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    data = tmp_path_factory.mktemp("graphql")
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    words = json.loads(made.stdout)
    ports = ("--port", "0", "--mqtt-port", "0")
    log = data.with_suffix(".log")
    with started("serve", "--data", str(data), *ports, log=log) as (_, ready):
        yield Ground(
            {
                "BASE": ready["http"],
                "TENANT": words["tenant_id"],
                "ADMIN_ID": words["admin_client_id"],
                "ADMIN_SECRET": words["admin_client_secret"],
            }
        )
    assert '"kept"' not in log.read_text(encoding="utf-8")


def shell(ground: Ground, script: str, folder: Path) -> str:
    """What a script prints; it may use what the page uses."""
    tools = Path(sys.executable).parent
    environment = {
        **PROJECT_ENVIRONMENT,
        **ground.variables,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-800:] + done.stderr
    return done.stdout


def test_the_page_runs_as_it_is_written_and_graphql_request_asks_after_it(
    ground: Ground, tmp_path: Path
) -> None:
    blocks = "\n".join(BLOCK.findall(PAGE.read_text("utf-8")))
    token = shell(ground, f"{blocks}\necho; echo TOKEN $TOKEN", tmp_path).split()[-1]
    install_node_packages()
    headers = {"Authorization": f"Bearer {token}", "X-Tenant-ID": ground.variables["TENANT"]}
    routes = (
        "query($tenantId: ID!, $providerId: ID) { telephonyRoutes(tenantId: $tenantId, providerId: "
        "$providerId) { id providerId did subaccount subsystem priority isActive } }"
    )
    tenant = {"tenantId": ground.variables["TENANT"]}
    calls = [
        {"query": ACQI, "variables": APRIL},
        {"query": routes, "variables": tenant},
        {"query": "{ __schema { types { name } } }"},
        {"query": ACQI, "variables": {"from": "never", "to": "ever"}},
    ]
    wanted = {"url": f"{ground.variables['BASE']}/graphql", "headers": headers, "calls": calls}
    out = run_tool("node", str(HERE / "graphql_request_party.mjs"), json.dumps(wanted))
    told: list[dict[str, Any]] = json.loads(out)
    assert told[0]["data"]["acqiMetrics"][0]["unit"] == "ratio"
    assert told[1]["data"]["telephonyRoutes"][0]["did"] == "+35315550100"
    assert told[2]["code"] == "OPERATION_NOT_APPROVED"
    assert told[3]["code"] == "BAD_USER_INPUT"
