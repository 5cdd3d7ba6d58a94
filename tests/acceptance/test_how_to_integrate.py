"""The how-to pages on discovery, the sandbox and traces, run as they are written."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.test_cloud_programs import run, started, token
from tests.postgres import PROJECT_ENVIRONMENT

pytestmark = pytest.mark.acceptance

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SCOPES = [
    "argus:devices:read",
    "argus:devices:write",
    "argus:epcr:read",
    "argus:observability:read",
    "argus:discovery:read",
]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A running server, an application approved for what the pages do, and both tokens."""
    data = tmp_path_factory.mktemp("documented")
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    words = json.loads(made.stdout)
    arguments = ("serve", "--data", str(data), "--port", "0", "--no-broker", "--no-ingest")
    with started(*arguments, log=data / "log") as (_, ready):
        base = ready["http"]
        admin = token(base, words["admin_client_id"], words["admin_client_secret"])
        wanted = {
            "name": "Built against",
            "grant_types": ["client_credentials"],
            "requested_scopes": SCOPES,
        }
        with httpx.Client(base_url=base, headers=admin, timeout=30) as client:
            app = client.post("/v1/platform/apps", json=wanted).json()
            path = f"/v1/platform/apps/{app['client_id']}/approve-scopes"
            assert client.post(path).status_code == 200
        own = token(base, app["client_id"], app["client_secret"])
        yield {
            "BASE": base,
            "CLIENT_ID": app["client_id"],
            "TOKEN": own["Authorization"].removeprefix("Bearer "),
            "ADMIN_TOKEN": admin["Authorization"].removeprefix("Bearer "),
        }


@pytest.mark.parametrize("page", ["find-the-api", "build-against-the-sandbox", "follow-a-call"])
def test_a_page_runs_as_it_is_written(ground: dict[str, str], tmp_path: Path, page: str) -> None:
    blocks = BLOCK.findall((PAGES / f"{page}.md").read_text(encoding="utf-8"))
    assert blocks
    script = tmp_path / "script.sh"
    script.write_text("set -euxo pipefail\n" + "\n".join(blocks), encoding="utf-8")
    said = subprocess.run(
        ["bash", str(script)],
        env={**PROJECT_ENVIRONMENT, **ground},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert said.returncode == 0, said.stderr
