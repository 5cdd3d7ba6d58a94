"""Our own rules over the source tree: what no linter of others checks."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tests.conformance import tenant_rules

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


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def mentions(path: Path, words: str) -> bool:
    """Whether a module need be parsed at all; `words` is a regular expression."""
    return re.search(words, path.read_text(encoding="utf-8")) is not None


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


Breaches = Iterator[str]
"""Where a rule is broken and what to do, a sentence each."""


def breaches(paths: Iterable[Path], rule: Callable[[Path], Breaches]) -> str:
    """Every breach of one rule in these files, a line each.

    One test a rule rather than one a rule and file: those were two thirds of all tests.
    """
    return "\n".join(f"{name_of(path)}{breach}" for path in paths for breach in rule(path))


def has_no_docstring(path: Path) -> Breaches:
    text = path.read_text(encoding="utf-8")
    # Read, not parsed: it concerns every module there is.
    if not re.match(r'(#.*\n|\s)*(r?"""|$)', text):
        yield " has no module docstring"


def test_every_module_that_holds_code_says_what_it_is() -> None:
    assert breaches(PYTHON, has_no_docstring) == ""


def bare_names(path: Path) -> Breaches:
    for node in public_nodes(parse(path)):
        if not ast.get_docstring(node) and not is_overload(node):
            yield f":{node.lineno} {node.name} has no docstring"


def test_every_public_name_of_protocols_and_of_a_service_has_a_docstring() -> None:
    protocols = [path for path in PRODUCT if name_of(path).startswith("protocols/")]
    services = [path for path in PRODUCT if path.name == "service.py"]
    assert protocols
    assert services
    assert breaches([*protocols, *services], bare_names) == ""


def says_any(path: Path) -> Breaches:
    for node in ast.walk(parse(path)):
        names = [alias.name for alias in getattr(node, "names", []) if isinstance(alias, ast.alias)]
        if "Any" in [*names, getattr(node, "id", ""), getattr(node, "attr", "")]:
            yield f":{getattr(node, 'lineno', 1)} says Any: name the type, or object"


def test_nothing_is_any_past_the_codec() -> None:
    """construct is untyped; what `protocols.mder` gives of it is typed, and all above that too."""
    past = [
        path
        for path in PRODUCT
        if name_of(path).startswith("protocols/") and not name_of(path).startswith(CODEC)
    ]
    assert past
    assert breaches(past, says_any) == ""


def is_too_long(path: Path) -> Breaches:
    length = len(path.read_text(encoding="utf-8").splitlines())
    if length > LONGEST and not name_of(path).startswith(GENERATED):
        yield f" has {length} lines: split it along a noun"


def test_files_stay_short_enough_to_read() -> None:
    assert breaches(PYTHON, is_too_long) == ""


def ownerless_tasks(path: Path) -> Breaches:
    if not mentions(path, "create_task|ensure_future"):
        return
    for line, call in calls(parse(path)):
        if call in {"asyncio.create_task", "asyncio.ensure_future", "loop.create_task"}:
            yield f":{line} {call}"


def test_every_task_has_an_owner() -> None:
    """Tasks are made by a TaskGroup; a bare one is lost when it fails."""
    assert breaches(PRODUCT, ownerless_tasks) == ""


def misnamed_exceptions(path: Path) -> Breaches:
    if not mentions(path, r"class \w+\([^)]*(Error|Exception)"):
        return
    for node in ast.walk(parse(path)):
        if (
            isinstance(node, ast.ClassDef)
            and any(ast.unparse(base).endswith(("Error", "Exception")) for base in node.bases)
            and not node.name.endswith("Error")
        ):
            yield f":{node.lineno} {node.name} does not end in Error"


def test_every_exception_ends_in_error() -> None:
    assert breaches(PRODUCT, misnamed_exceptions) == ""


def sleeps_and_patches(path: Path) -> Breaches:
    if not mentions(path, "sleep|patch|mock|setattr"):
        return
    forbidden = {"time.sleep", "asyncio.sleep", "monkeypatch.setattr", "mock.patch", "patch"}
    for line, call in calls(parse(path)):
        if call in forbidden or call.startswith(("mock.", "mocker.")):
            yield f":{line} {call}"


def test_tests_neither_sleep_nor_patch_our_code() -> None:
    """Time is an argument; fakes ship with the product; the environment alone may be set."""
    assert breaches(TESTS, sleeps_and_patches) == ""


def skips(path: Path) -> Breaches:
    if path.name == "vectors_folder.py" or path == Path(__file__):
        return
    text = path.read_text(encoding="utf-8")
    if re.search(r"pytest\.skip|mark\.skip|mark\.xfail|importorskip", text):
        yield " skips a test"


def test_nothing_is_skipped_but_for_absent_vectors() -> None:
    assert breaches(TESTS, skips) == ""


def silenced_without_reason(path: Path) -> Breaches:
    if path == Path(__file__):
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        for mark in re.finditer(r"# (noqa|type: ignore)(.*)", line):
            if not re.match(r"(: |\[)[A-Za-z0-9, -]+\]? +[-#] ?\S", mark.group(2)):
                yield f":{number} says nothing of why"


def test_every_silenced_check_names_its_code_and_its_reason() -> None:
    assert breaches(PYTHON, silenced_without_reason) == ""


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


def test_no_private_key_is_in_the_tree() -> None:
    for path in tracked(".json", ".pem", ".key", ".jwk"):
        text = path.read_text(encoding="utf-8")
        assert "PRIVATE KEY" not in text, name_of(path)
        assert not ('"kty"' in text and re.search(r'"d"\s*:', text)), name_of(path)


def test_no_minified_or_copied_script_is_in_the_tree() -> None:
    for path in tracked(".js", ".mjs", ".css"):
        text = path.read_text(encoding="utf-8")
        assert not path.name.endswith((".min.js", ".min.css")), name_of(path)
        assert max((len(line) for line in text.splitlines()), default=0) < 300, name_of(path)


def test_every_query_over_tenant_data_names_the_tenant() -> None:
    """One door to tenants' data: `scoped(...)`, the tenant in the statement, or a said reason."""
    guarded = [path for path in PRODUCT if tenant_rules.is_guarded(name_of(path))]
    assert len(guarded) > 100
    found = {one for path in guarded for one in tenant_rules.looks_everywhere(path, name_of(path))}
    wrong = sorted(one for one in found if one.where not in tenant_rules.OF_ONE_TENANT)
    assert "\n".join(f"{one.where} line {one.line}: {tenant_rules.ADVICE}" for one in wrong) == ""
    assert set(tenant_rules.OF_ONE_TENANT) <= {one.where for one in found}, "a reason too many"
