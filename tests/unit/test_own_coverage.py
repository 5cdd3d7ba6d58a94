"""The gate on coverage names every gap, and lets nothing else through."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GATE = Path(__file__).resolve().parents[1] / "own_coverage.py"
CODE = '''"""A sign."""


def sign(number: int) -> str:
    """The sign of a number."""
    if number < 0:
        return "-"
    return "+"
'''
HALF = """from protocols.room.{0} import sign


def test_positive() -> None:
    assert sign(1) == "+"
"""
WHOLE = f"""{HALF}

def test_negative() -> None:
    assert sign(-1) == "-"
"""
FIXTURE = """import pytest

from protocols.room.helped import sign


@pytest.fixture(params=[sign(1), sign(-1)])
def signs(request: pytest.FixtureRequest) -> object:
    return request.param, sign(1), sign(-1)
"""


CONFIGURATION = """[tool.pytest.ini_options]
asyncio_default_fixture_loop_scope = "function"
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project whose room has one module, `whole`, reached whole by its tests."""
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION)
    for folder in ("protocols", "protocols/room", "tests", "tests/unit"):
        (tmp_path / folder).mkdir()
    for folder in ("protocols", "protocols/room"):
        (tmp_path / "tests/unit" / folder).mkdir()
        (tmp_path / "tests/unit" / folder / "__init__.py").touch()
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "tests/__init__.py").touch()
    (tmp_path / "tests/unit/__init__.py").touch()
    add(tmp_path, "whole", WHOLE.format("whole"))
    return tmp_path


def add(tree: Path, module: str, tests: str | None) -> None:
    (tree / "protocols/room" / f"{module}.py").write_text(CODE)
    if tests is not None:
        (tree / "tests/unit/protocols/room" / f"test_{module}.py").write_text(tests)


def judge(tree: Path, *modules: str) -> tuple[int, list[str]]:
    """The gate's exit code and what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    done = subprocess.run(
        [sys.executable, str(GATE), *modules],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout.splitlines()


def test_a_room_whose_modules_are_reached_whole_passes(tree: Path) -> None:
    modules = "3 modules, each reached whole by its own tests"
    assert judge(tree) == (0, [modules])


@pytest.mark.soak
def test_every_gap_is_named_with_its_lines_and_branches(tree: Path) -> None:
    add(tree, "bare", None)
    add(tree, "half", HALF.format("half"))
    add(tree, "half_more", WHOLE.format("half_more"))
    add(tree, "helped", FIXTURE + "\n\ndef test_signs(signs: object) -> None:\n    assert signs\n")
    # Reached whole only by tests of another module.
    add(tree, "used", HALF.format("used"))
    (tree / "tests/unit/protocols/room/test_whole_more.py").write_text(WHOLE.format("used"))
    (tree / "tests/unit/protocols/room/test_stray.py").write_text(HALF.format("used"))
    assert judge(tree) == (
        1,
        [
            "protocols.room.bare: no test file of its own; lines 6-8; branches 6->7, 6->8",
            "protocols.room.half: line 7; branch 6->7",
            "protocols.room.used: line 7; branch 6->7",
            "tests/unit/protocols/room/test_stray.py: belongs to no module",
            "4 gaps",
        ],
    )
    assert judge(tree, "protocols.room.whole")[0] == 0
    assert judge(tree, "protocols.room.half")[1][-1] == "1 gap"


def test_a_test_that_fails_is_shown_and_fails_the_gate(tree: Path) -> None:
    failing = WHOLE.format("whole") + "\n\ndef test_wrong() -> None:\n    assert sign(0) == '0'\n"
    add(tree, "whole", failing)
    code, said = judge(tree)
    assert code == 1
    assert any("test_wrong" in line for line in said)


def test_a_name_that_is_no_module_is_refused(tree: Path) -> None:
    assert judge(tree, "protocols.rom") == (1, ["no module under protocols.rom"])
