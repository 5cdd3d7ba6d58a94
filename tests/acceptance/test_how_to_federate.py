"""The how-to pages on reviewed access and on SAML, run as they are written."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fixtures.identity_provider import identity_provider
from tests.integration.test_cloud_programs import run, started
from tests.postgres import PROJECT_ENVIRONMENT

pytestmark = pytest.mark.acceptance

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
PATIENCE = 900
"""Seconds for a page of a dozen programs, each of which loads the whole cloud: on a busy machine
one alone may need a minute.
"""
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("name", ["ask-for-reviewed-access", "sign-in-with-saml"])
def test_a_page_runs_as_it_is_written(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    words = json.loads(made.stdout)
    shell = tmp_path / "shell"
    shell.mkdir()
    with identity_provider(tmp_path) as provider:
        (shell / "idp.xml").write_text(provider.metadata)
    script = shell / "script.sh"
    blocks = BLOCK.findall((PAGES / f"{name}.md").read_text())
    assert blocks
    script.write_text("set -euo pipefail\n" + "\n".join(blocks), encoding="utf-8")
    ports = ("--port", "0", "--mqtt-port", "0")
    log = tmp_path / "cloud.log"
    with started("serve", "--data", str(data), *ports, log=log) as (_, ready):
        environment = {
            **PROJECT_ENVIRONMENT,
            "BASE": str(ready["http"]),
            "DATA": str(data),
            "TENANT": words["tenant_id"],
            "ADMIN_ID": words["admin_client_id"],
            "ADMIN_SECRET": words["admin_client_secret"],
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        done = subprocess.run(
            ["bash", str(script)],
            cwd=shell,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
