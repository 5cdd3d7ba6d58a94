"""Relying parties that others wrote, run as programs; a person's browser stands in between."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from filelock import FileLock

from tests.acceptance.judges import CACHE, HERE, install_node_packages, run

REQUIREMENTS = HERE / "relying-parties-requirements.txt"
Browse = Callable[[str], Awaitable[str]]
"""Visits an address as a person would; the address the person is sent back to."""


def party_python() -> Path:
    """The interpreter of the environment with the locked relying parties."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    environment = CACHE / "relying-parties"
    python = environment / "bin" / "python"
    stamp = environment / "installed.txt"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "relying-parties.lock"):
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            run(sys.executable, "-m", "venv", "--clear", environment)
            pip = (python, "-m", "pip", "--disable-pip-version-check", "-q", "install")
            run(*pip, "--require-hashes", "-r", REQUIREMENTS)
            stamp.write_text(wanted, encoding="utf-8")
    return python


class Parties:
    """Every party, ready to be run."""

    def __init__(self) -> None:
        install_node_packages()
        python = str(party_python())
        self._commands = {
            "openid-client": ["node", str(HERE / "openid_client_party.mjs")],
            "authlib": [python, str(HERE / "authlib_party.py")],
            "idpyoidc": [python, str(HERE / "idpyoidc_party.py")],
        }

    async def run(
        self, name: str, wanted: dict[str, Any], browse: Browse | None = None
    ) -> dict[str, Any]:
        """What a party tells in the end; AssertionError with its words when it gives up."""
        command = [*self._commands[name], json.dumps(wanted)]
        with (
            # What a party leaves behind, keys among it, is gone with it.
            tempfile.TemporaryDirectory() as folder,
            subprocess.Popen(  # noqa: ASYNC220 - nothing else runs in this loop meanwhile
                command,
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as party,
        ):
            assert party.stdin is not None
            assert party.stdout is not None
            if browse is not None:
                first = party.stdout.readline()
                assert first, party.communicate()[1]
                back = await browse(json.loads(first)["url"])
                party.stdin.write(back + "\n")
                party.stdin.flush()
            out, errors = party.communicate(timeout=120)
            assert party.returncode == 0, errors
        told: dict[str, Any] = json.loads(out.splitlines()[-1])
        return told
