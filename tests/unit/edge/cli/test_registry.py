"""Commands are loaded by name: the running gateway carries what it needs and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edge import cli
from edge.__main__ import main
from edge.cli.registry import COMMANDS, adders


def test_every_file_of_a_command_is_in_the_registry() -> None:
    files = {path.stem.replace("_", "-") for path in Path(cli.__path__[0]).glob("*.py")}
    assert set(COMMANDS) <= files
    with_add = {
        name for name in files if "def add(" in _source(name) and name not in {"base", "registry"}
    }
    assert with_add == set(COMMANDS)


def test_no_word_and_an_unknown_one_show_all() -> None:
    assert len(adders(())) == len(adders(("--help",))) == len(COMMANDS)


def test_a_command_loads_itself_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert [add.__module__ for add in adders(("crew-pin",))] == ["edge.cli.crew_pin"]
    with pytest.raises(SystemExit):
        main(["explain", "--help"])
    assert "CODE" in capsys.readouterr().out


def test_the_gateway_runs_without_what_only_people_need() -> None:
    """Neither the terminal's libraries nor, before it has a certificate, those for reading one."""
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; from edge.cli.registry import adders; adders(('run',));"
            "print([name for name in sys.modules if name.split('.')[0] in"
            " ('rich', 'textual', 'pygments') or name == 'cryptography.hazmat.bindings._rust'])",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def _source(name: str) -> str:
    path = Path(cli.__path__[0]) / f"{name.replace('-', '_')}.py"
    return path.read_text(encoding="utf-8")
