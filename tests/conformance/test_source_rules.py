"""Our own rules over the source tree: what no linter of others checks."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
ROOMS = ("protocols", "edge", "cloud", "simulators")
LONGEST = 400
CODEC = "protocols/mder/"
GENERATED = ("protocols/nomenclature/", "cloud/migrations/versions/")


def tracked(*suffixes: str) -> list[Path]:
    """Files git knows or would add, by suffix."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    paths = [PROJECT / line for line in listing.stdout.splitlines()]
    return [path for path in paths if path.suffix in suffixes and path.is_file()]


PYTHON = tracked(".py")
PRODUCT = [path for path in PYTHON if path.relative_to(PROJECT).parts[0] in ROOMS]
TESTS = [path for path in PYTHON if path.relative_to(PROJECT).parts[0] == "tests"]


def name_of(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


@cache
def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def calls(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted text of every call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def public_nodes(
    tree: ast.Module,
) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Public classes and functions of a module, and public methods of public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_"):
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                for member in node.body:
                    if isinstance(
                        member, ast.FunctionDef | ast.AsyncFunctionDef
                    ) and not member.name.startswith("_"):
                        yield member


def is_overload(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(ast.unparse(decorator).endswith("overload") for decorator in node.decorator_list)


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_every_module_that_holds_code_says_what_it_is(path: Path) -> None:
    tree = parse(path)
    if tree.body:
        assert ast.get_docstring(tree), f"{name_of(path)} has no module docstring"


@pytest.mark.parametrize(
    "path", [path for path in PRODUCT if name_of(path).startswith("protocols/")], ids=name_of
)
def test_every_public_name_of_protocols_has_a_docstring(path: Path) -> None:
    bare = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for node in public_nodes(parse(path))
        if not ast.get_docstring(node) and not is_overload(node)
    ]
    assert not bare


@pytest.mark.parametrize(
    "path", [path for path in PRODUCT if path.name == "service.py"], ids=name_of
)
def test_every_public_name_of_a_service_has_a_docstring(path: Path) -> None:
    bare = [node.name for node in public_nodes(parse(path)) if not ast.get_docstring(node)]
    assert not bare


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in PRODUCT
        if name_of(path).startswith("protocols/") and not name_of(path).startswith(CODEC)
    ],
    ids=name_of,
)
def test_nothing_is_any_past_the_codec(path: Path) -> None:
    """construct is untyped; what `protocols.mder` gives of it is typed, and all above that too."""
    for node in ast.walk(parse(path)):
        names = [alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)]
        assert "Any" not in [*names, getattr(node, "id", ""), getattr(node, "attr", "")], (
            f"{name_of(path)}:{getattr(node, 'lineno', 1)} says Any: name the type, or object"
        )


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_files_stay_short_enough_to_read(path: Path) -> None:
    if name_of(path).startswith(GENERATED):
        return
    length = len(path.read_text(encoding="utf-8").splitlines())
    assert length <= LONGEST, f"{name_of(path)} has {length} lines: split it along a noun"


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_every_task_has_an_owner(path: Path) -> None:
    """Tasks are made by a TaskGroup; a bare one is lost when it fails."""
    ownerless = [
        f"{name_of(path)}:{line} {call}"
        for line, call in calls(parse(path))
        if call in {"asyncio.create_task", "asyncio.ensure_future", "loop.create_task"}
    ]
    assert not ownerless


@pytest.mark.parametrize("path", PRODUCT, ids=name_of)
def test_every_exception_ends_in_error(path: Path) -> None:
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases
        ):
            assert node.name.endswith("Error"), f"{name_of(path)}:{node.lineno} {node.name}"


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_tests_neither_sleep_nor_patch_our_code(path: Path) -> None:
    """Time is an argument; fakes ship with the product; the environment alone may be set."""
    forbidden = {"time.sleep", "asyncio.sleep", "monkeypatch.setattr", "mock.patch", "patch"}
    found = [
        f"{name_of(path)}:{line} {call}"
        for line, call in calls(parse(path))
        if call in forbidden or call.startswith(("mock.", "mocker."))
    ]
    assert not found


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_nothing_is_skipped_but_for_absent_vectors(path: Path) -> None:
    if path.name == "vectors_folder.py":
        return
    text = path.read_text(encoding="utf-8")
    if path == Path(__file__):
        return
    assert not re.search(r"pytest\.skip|mark\.skip|mark\.xfail|importorskip", text)


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_every_silenced_check_names_its_code_and_its_reason(path: Path) -> None:
    if path == Path(__file__):
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for mark in re.finditer(r"# (noqa|type: ignore)(.*)", line):
            assert re.match(r"(: |\[)[A-Za-z0-9, -]+\]? +[-#] ?\S", mark.group(2)), (
                f"{name_of(path)}:{number} says nothing of why"
            )


def test_no_package_registry_is_named_anywhere() -> None:
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com"]
    hosts += ["registry" + ".npm", "deb" + ".debian.org"]
    texts = tracked(".py", ".toml", ".lock", ".txt", ".md", ".json", ".cfg", ".yaml", ".yml", ".in")
    named = [
        f"{name_of(path)}: {host}"
        for path in texts
        for host in hosts
        if host in path.read_text(encoding="utf-8")
    ]
    assert not named


def test_locks_carry_a_hash_for_every_package() -> None:
    for lock in (PROJECT / "requirements").glob("*.lock"):
        text = lock.read_text(encoding="utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert len(entries) > 10
        for entry in entries:
            assert "--hash=sha256:" in entry, entry.splitlines()[0]
            assert "://" not in entry


def test_no_minified_or_copied_script_is_in_the_tree() -> None:
    for path in tracked(".js", ".mjs", ".css"):
        text = path.read_text(encoding="utf-8")
        assert not path.name.endswith((".min.js", ".min.css")), name_of(path)
        assert max((len(line) for line in text.splitlines()), default=0) < 300, name_of(path)


def statements_with_queries(path: Path) -> Iterator[tuple[ast.stmt, str]]:
    """Every simple statement that builds a query, with its source and the line above it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(parse(path)):
        if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Expr | ast.Return):
            continue
        if any(call in {"select", "update", "delete"} for _, call in calls(node)):
            start = max(node.lineno - 2, 0)
            yield node, "\n".join(lines[start : node.end_lineno])


@pytest.mark.parametrize(
    "path",
    [
        path
        for path in PRODUCT
        if re.match(r"cloud/core/(devices|observations|encounters)/", name_of(path))
    ],
    ids=name_of,
)
def test_every_query_over_tenant_data_names_the_tenant(path: Path) -> None:
    """One door to patient data: `scoped(...)`, the tenant in the statement, or a said reason."""
    for node, source in statements_with_queries(path):
        apart = "tenant_id ==" in source or "scoped(" in source or "mine." in source
        assert apart or "# every tenant:" in source, (
            f"{name_of(path)}:{node.lineno} looks at every tenant's rows without saying why"
        )
