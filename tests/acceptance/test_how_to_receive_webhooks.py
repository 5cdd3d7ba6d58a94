"""The how-to of webhooks, run as it is written: its receivers against the running server's worker.

Once with the libraries it names, once with those of Svix that it says take the same lines.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.incident.listening import free_port
from tests.acceptance.judges import NODE_MODULES, install_node_packages
from tests.integration.test_cloud_programs import run, started
from tests.postgres import PROJECT_ENVIRONMENT

pytestmark = pytest.mark.acceptance

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "receive-webhooks.md"
BLOCK = re.compile(r"^```(sh|python|js)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"(?:#|//) (\S+)\n")
PORT = re.compile(r"\b830[123]\b")
LIBRARY = "standardwebhooks"


def written(library: str, folder: Path) -> str:
    """The page's programs in a folder, and its shell blocks as one script, on free ports."""
    ports = {port: str(free_port()) for port in ("8301", "8302", "8303")}
    commands = []
    programs = set()
    for language, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if language == "sh":
            commands.append(PORT.sub(lambda found: ports[found[0]], text))
            continue
        named = NAME.match(text)
        assert named is not None
        programs.add(named[1])
        # A line each: the package's name is all that differs.
        (folder / named[1]).write_text(text.replace(LIBRARY, library), encoding="utf-8")
    assert programs == {"receive.py", "receive.mjs", "receive_plain.py"}
    assert len(commands) == 11
    return "\n".join(commands)


@pytest.mark.parametrize("library", [LIBRARY, "svix"])
def test_the_page_runs_as_it_is_written(tmp_path: Path, library: str) -> None:
    install_node_packages()
    data = tmp_path / "data"
    made = run("bootstrap", "--json", "--name", "Mine", "--data", str(data))
    assert made.returncode == 0, made.stderr
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    script = tmp_path / "script.sh"
    commands = written(library, tmp_path)
    script.write_text(f"set -euo pipefail\n{commands}\necho THE END\n", encoding="utf-8")
    ports = ("--port", "0", "--mqtt-port", "0")
    opened = {"CLOUD_OUTBOUND_NETWORKS": "127.0.0.0/8"}
    log = tmp_path / "log"
    with started("serve", "--data", str(data), *ports, log=log, **opened) as (_, ready):
        environment = {
            **PROJECT_ENVIRONMENT,
            "BASE": ready["http"],
            "DATA": str(data),
            "TENANT": json.loads(made.stdout)["tenant_id"],
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        with (
            (tmp_path / "said").open("w") as output,
            subprocess.Popen(
                ["bash", str(script)],
                cwd=tmp_path,
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as shell,
        ):
            try:
                code = shell.wait(timeout=150)
            finally:
                # The receivers it started stay behind.
                os.killpg(shell.pid, signal.SIGKILL)
    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert code == 0, said[-2000:]
    assert said.endswith("THE END\n")
    assert "whsec_" not in log.read_text(encoding="utf-8")
