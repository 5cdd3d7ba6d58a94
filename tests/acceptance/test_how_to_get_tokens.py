"""The how-to pages on tokens, run as they are written against the running server."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.fixtures.visitor import Visitor
from tests.integration.test_cloud_programs import run, started
from tests.postgres import PROJECT_ENVIRONMENT

pytestmark = pytest.mark.acceptance

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "oauth"
# Pages that go on in the same shell stand together.
CHAINS = (
    ("client-credentials", "dpop"),
    ("private-key-jwt", "smart-backend-services"),
    ("code-with-pkce", "pushed-requests", "refresh"),
    ("sign-people-in",),
    ("token-exchange",),
    ("certificates",),
    ("administer-applications",),
)
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PASSWORD = "correct horse battery"
PEOPLE = {"/v1/oauth/authorize": "ada@example.org", "/oauth/authorize": "grace@example.org"}


@dataclass(frozen=True, slots=True)
class Ground:
    """A running server and what its pages ask for."""

    variables: dict[str, str]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    data = tmp_path_factory.mktemp("documented")
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    words = json.loads(made.stdout)
    # The shell of the certificates' page stands where a proxy would.
    settings = {
        "CLOUD_TRUSTED_PROXIES": "127.0.0.1/32",
        "CLOUD_CLIENT_CERTIFICATE_HEADER": "X-Client-Cert",
    }
    ports = ("--port", "0", "--mqtt-port", "0")
    log = data.with_suffix(".log")
    with started("serve", "--data", str(data), *ports, log=log, **settings) as (_, ready):
        yield Ground(
            {
                "BASE": ready["http"],
                "DATA": str(data),
                "TENANT": words["tenant_id"],
                "PRODUCT": words["product_id"],
                "ADMIN_ID": words["admin_client_id"],
                "ADMIN_SECRET": words["admin_client_secret"],
            }
        )


def test_every_page_is_run() -> None:
    written = {page.stem for page in PAGES.glob("*.md")} - {"README"}
    assert written == {name for chain in CHAINS for name in chain}
    assert all(BLOCK.search(page.read_text("utf-8")) for page in PAGES.glob("[a-z]*.md"))


@pytest.mark.parametrize("chain", CHAINS, ids=lambda chain: "-then-".join(chain))
def test_a_page_runs_as_it_is_written(ground: Ground, tmp_path: Path, chain: tuple[str]) -> None:
    blocks = [
        block for name in chain for block in BLOCK.findall((PAGES / f"{name}.md").read_text())
    ]
    script = tmp_path / "script.sh"
    script.write_text("set -euo pipefail\n" + "\n".join(blocks), encoding="utf-8")
    tools = Path(sys.executable).parent
    environment = {
        **PROJECT_ENVIRONMENT,
        **ground.variables,
        "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
    }
    with subprocess.Popen(
        ["bash", str(script)],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        said = []
        for line in shell.stdout:
            said.append(line)
            if line.startswith("Open http"):
                address = asyncio.run(visit(line.partition(" ")[2].strip()))
                shell.stdin.write(address + "\n")
                shell.stdin.flush()
        errors = shell.communicate(timeout=60)[1]
    assert shell.returncode == 0, "".join(said[-5:]) + errors


async def visit(url: str) -> str:
    """What a person does there; the address their browser ends at."""
    parts = urlsplit(url)
    base = f"{parts.scheme}://{parts.netloc}"
    async with httpx.AsyncClient(base_url=base, timeout=60) as http:
        visitor = Visitor(http)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        page = await visitor.open(parts.path, **query)
        page = await visitor.sign_in(page, PEOPLE[parts.path], PASSWORD)
        return page.address or (await visitor.decide(page)).address
