"""The how-to of a handover, run as it is written against the running server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.test_cloud_programs import run, started
from tests.postgres import PROJECT_ENVIRONMENT

pytestmark = pytest.mark.acceptance

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "hand-over-a-patient.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_the_page_runs_as_it_is_written(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(blocks) == 6
    script = tmp_path / "script.sh"
    script.write_text("set -euo pipefail\n" + "\n".join(blocks), encoding="utf-8")
    ports = ("--port", "0", "--mqtt-port", "0")
    with started("serve", "--data", str(data), *ports, log=tmp_path / "log") as (_, ready):
        environment = {
            **PROJECT_ENVIRONMENT,
            "BASE": ready["http"],
            "DATA": str(data),
            "TENANT": json.loads(made.stdout)["tenant_id"],
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        told = subprocess.run(
            ["bash", str(script)],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    assert told.returncode == 0, told.stdout[-400:] + told.stderr
