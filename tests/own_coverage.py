"""Whether every module of `protocols` is reached whole, lines and branches, by its own tests.

    python -m tests.own_coverage                     all of protocols
    python -m tests.own_coverage protocols.mder      a room
    python -m tests.own_coverage protocols.gatt.racp a module

The own tests of `protocols/mder/numbers.py` are `tests/unit/protocols/mder/test_numbers.py` and
any `test_numbers_*.py` beside it, unless a module with a longer name claims them. What other
tests reach by the way does not count; what importing the module runs does. A module without a
test file is a gap, and so is a test file whose name points at no module.
"""

from __future__ import annotations

import importlib
import io
import json
import multiprocessing
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path.cwd()  # the tree in which it is run
UNIT = Path("tests", "unit")
# Two processes halve the time; more only wait for the longest test file.
PROCESSES = min(2, os.cpu_count() or 1)
IMPORTING = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A module and the test files that belong to it; paths are relative to the root."""

    name: str
    file: Path
    tests: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """What a module's own tests do not reach."""

    module: str
    lines: tuple[int, ...]
    branches: tuple[tuple[int, int], ...]
    has_tests: bool

    def __str__(self) -> str:
        parts = [] if self.has_tests else ["no test file of its own"]
        if self.lines:
            parts.append(f"line{'s' * (len(self.lines) > 1)} {_ranges(self.lines)}")
        if self.branches:
            branches = ", ".join(f"{a}->{b}" for a, b in self.branches)
            parts.append(f"branch{'es' * (len(self.branches) > 1)} {branches}")
        return f"{self.module}: {'; '.join(parts)}"


def _ranges(lines: tuple[int, ...]) -> str:
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][-1] + 1:
            runs[-1].append(line)
        else:
            runs.append([line])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs)


def _folders() -> Iterator[Path]:
    yield from sorted({path.parent for path in Path("protocols").rglob("*.py")})


def _claimed(test: Path, stems: list[str]) -> str | None:
    """The module a test file belongs to: the one with the longest name that its own starts with."""
    name = test.stem.removeprefix("test_")
    return max((s for s in stems if name == s or name.startswith(f"{s}_")), key=len, default=None)


def subjects(prefixes: tuple[str, ...]) -> tuple[list[Subject], list[Path]]:
    """Every module under the prefixes, and the test files beside theirs that belong to none."""
    found: list[Subject] = []
    strays: list[Path] = []
    for folder in _folders():
        files = {path.stem: path for path in sorted(folder.glob("*.py"))}
        claims = {
            test: _claimed(test, list(files)) for test in sorted((UNIT / folder).glob("test_*.py"))
        }
        room = ".".join(folder.parts)
        for stem, path in files.items():
            name = room if stem == "__init__" else f"{room}.{stem}"
            if _under(name, prefixes):
                own = tuple(test for test, claim in claims.items() if claim == stem)
                found.append(Subject(name, path, own))
        if _under(room, prefixes):
            strays += [test for test, claim in claims.items() if claim is None]
    return found, strays


def _under(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes)


class _ByFile:
    """Books what runs under the test file that runs it, its fixtures and parameters too."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[None]:
        self._switch(collector.path)
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._switch(item.path)
        return (yield)

    def _switch(self, path: Path) -> None:
        self.measured.switch_context(path.relative_to(ROOT).as_posix())


def measure(chosen: list[Subject]) -> tuple[str, list[Gap]]:
    """Run the own tests of these modules; what pytest said if one failed, and what is left."""
    measured = coverage.Coverage(
        branch=True, source=["protocols"], data_file=None, config_file="pyproject.toml"
    )
    measured.start()
    measured.switch_context(IMPORTING)
    for subject in chosen:
        importlib.import_module(subject.name)
    files = sorted(str(test) for subject in chosen for test in subject.tests)
    said = io.StringIO()
    with redirect_stdout(said):
        # What was reached must not hang on a run's luck: `make test-long` tries other examples.
        options = ["-q", "--no-header", "-p", "no:cacheprovider", "--hypothesis-seed=0", *files]
        code = pytest.main(options, plugins=[_ByFile(measured)]) if files else 0
    measured.stop()
    left = [gap for subject in chosen if (gap := _gap(measured, subject))]
    return said.getvalue() if code else "", left


def _gap(measured: coverage.Coverage, subject: Subject) -> Gap | None:
    contexts = [f"^{re.escape(name)}$" for name in (IMPORTING, *map(Path.as_posix, subject.tests))]
    has_tests = bool(subject.tests) or subject.file.name == "__init__.py"
    with tempfile.NamedTemporaryFile(suffix=".json") as file, redirect_stdout(io.StringIO()):
        try:
            measured.json_report(morfs=[str(subject.file)], outfile=file.name, contexts=contexts)
        except coverage.CoverageException:  # a module without a statement
            return None
        report: dict[str, Any] = json.loads(Path(file.name).read_text(encoding="utf-8"))
    (facts,) = report["files"].values()
    lines, branches = facts["missing_lines"], facts["missing_branches"]
    if not lines and not branches and has_tests:
        return None
    return Gap(subject.name, tuple(lines), tuple((a, b) for a, b in branches), has_tests)


def main() -> int:
    """Print every gap; 0 when there is none and all tests passed."""
    prefixes = tuple(sys.argv[1:]) or ("protocols",)
    found, strays = subjects(prefixes)
    if not found:
        print("no module under", *prefixes)
        return 1
    shares = [share for first in range(PROCESSES) if (share := found[first::PROCESSES])]
    # Spawned, so that no module is imported before its lines are counted.
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=PROCESSES, mp_context=spawn) as pool:
        results = list(pool.map(measure, shares))
    failures = "".join(said for said, _ in results)
    left = sorted(str(gap) for _, gaps in results for gap in gaps)
    left += [f"{test}: belongs to no module" for test in strays]
    for line in filter(None, [failures, *left]):
        print(line)
    if left:
        print(f"{len(left)} gap{'s' * (len(left) > 1)}")
    elif not failures:
        print(f"{len(found)} modules, each reached whole by its own tests")
    return int(bool(failures or left))


if __name__ == "__main__":
    sys.exit(main())
