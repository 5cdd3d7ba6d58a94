"""Whether every module of `protocols` is reached whole, lines and branches, by its own tests.

    python -m tests.own_coverage                     all of protocols
    python -m tests.own_coverage protocols.mder      a room
    python -m tests.own_coverage protocols.gatt.racp a module

The own tests of `protocols/mder/numbers.py` are `tests/unit/protocols/mder/test_numbers.py` and
any `test_numbers_*.py` beside it. What other tests reach by the way does not count.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[1]
UNIT = ROOT / "tests" / "unit"


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
            parts.append("lines " + ", ".join(map(str, self.lines)))
        if self.branches:
            parts.append("branches " + ", ".join(f"{a}->{b}" for a, b in self.branches))
        return f"{self.module}: {'; '.join(parts)}"


def modules(prefixes: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    """Dotted name and file of every module under the prefixes."""
    for path in sorted((ROOT / "protocols").rglob("*.py")):
        relative = path.relative_to(ROOT).with_suffix("")
        name = ".".join(relative.parts).removesuffix(".__init__")
        if any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes):
            yield name, path


def own_tests(path: Path) -> list[Path]:
    """The test files that belong to a module."""
    folder = UNIT / path.relative_to(ROOT).parent
    stem = path.parent.name if path.name == "__init__.py" else path.stem
    return sorted({*folder.glob(f"test_{stem}.py"), *folder.glob(f"test_{stem}_*.py")})


def gaps(prefixes: tuple[str, ...]) -> tuple[int, list[Gap]]:
    """Run the own tests of the modules under the prefixes; pytest's exit code, and what is left."""
    found = list(modules(prefixes))
    files = sorted({test for _, path in found for test in own_tests(path)})
    measured = coverage.Coverage(
        branch=True,
        source=["protocols"],
        data_file=None,
        config_file=str(ROOT / "pyproject.toml"),
    )
    measured.set_option("run:dynamic_context", "test_function")
    measured.start()
    code = pytest.main(["-q", "-p", "no:cacheprovider", *map(str, files)]) if files else 0
    measured.stop()
    return int(code), [gap for name, path in found if (gap := _gap(measured, name, path))]


def _gap(measured: coverage.Coverage, name: str, path: Path) -> Gap | None:
    tests = own_tests(path)
    # A context is the dotted name of a test; the empty one is what importing a module runs.
    contexts = [
        "^$",
        *(f"^{'.'.join(t.relative_to(ROOT).with_suffix('').parts)}\\." for t in tests),
    ]
    with tempfile.NamedTemporaryFile(suffix=".json") as file, redirect_stdout(io.StringIO()):
        try:
            measured.json_report(morfs=[str(path)], outfile=file.name, contexts=contexts)
        except coverage.CoverageException:  # a module without a statement
            return None
        report: dict[str, Any] = json.loads(Path(file.name).read_text(encoding="utf-8"))
    (facts,) = report["files"].values()
    lines, branches = facts["missing_lines"], facts["missing_branches"]
    if not lines and not branches:
        return None
    return Gap(name, tuple(lines), tuple((a, b) for a, b in branches), bool(tests))


def main() -> int:
    """Print every gap; 0 when there is none and all tests passed."""
    code, left = gaps(tuple(sys.argv[1:]) or ("protocols",))
    for gap in left:
        print(gap)
    print(f"{len(left)} modules with gaps" if left else "every module is reached whole")
    return code or int(bool(left))


if __name__ == "__main__":
    sys.exit(main())
