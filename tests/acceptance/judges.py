"""Third-party judges of FHIR bundles: each takes files and says what is wrong with them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock
from jsonschema import Draft6Validator

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parents[1]
CACHE = PROJECT / "build" / "judges"
NODE_MODULES = HERE / "node_modules"
SCHEMA = NODE_MODULES / "@medplum" / "definitions" / "dist" / "fhir" / "r4" / "fhir.schema.json"

_FALSE_ALARM = re.compile(r"Composition\.relatesTo\[\d+\]\.target\[x\] is required")
"""pyrofile looks for an element of that very name; ours is `targetIdentifier`, and our own checks
ask that there is exactly one."""


def run(*command: str | Path) -> str:
    """Run a program to its end and give its output; AssertionError with its words if it fails."""
    done = subprocess.run(
        [str(part) for part in command], cwd=HERE, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def install_node_packages() -> None:
    """The locked packages in tests/acceptance/node_modules."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "node.lock"):
        installed = NODE_MODULES / ".package-lock.json"
        locked = HERE / "package-lock.json"
        if not installed.exists() or installed.stat().st_mtime < locked.stat().st_mtime:
            run("npm", "ci", "--no-audit", "--no-fund")


def own_python(name: str) -> Path:
    """The interpreter of the environment with the locked packages of one judge."""
    requirements = HERE / f"{name}-requirements.txt"
    wanted = requirements.read_text(encoding="utf-8")
    environment = CACHE / name
    python = environment / "bin" / "python"
    stamp = environment / "installed.txt"
    CACHE.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / f"{name}.lock"):
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            run(sys.executable, "-m", "venv", "--clear", environment)
            pip = (python, "-m", "pip", "--disable-pip-version-check", "-q", "install")
            run(*pip, "--require-hashes", "-r", requirements)
            stamp.write_text(wanted, encoding="utf-8")
    return python


@dataclass(frozen=True, slots=True)
class Judges:
    """The judges, ready to be asked."""

    google: Path
    pyrofile: Path
    schema: dict[str, Any]

    @classmethod
    def install(cls) -> Judges:
        """Fetch what is missing."""
        install_node_packages()
        definitions = json.loads(SCHEMA.read_text(encoding="utf-8"))
        return cls(google=own_python("google"), pyrofile=own_python("pyrofile"), schema=definitions)

    def objections(self, bundles: Sequence[Path]) -> dict[str, list[str]]:
        """What any of them objects to, by file: empty lists where none does."""
        found = {str(bundle): self.by_schema(bundle) for bundle in bundles}
        for name, verdict in self.by_google(bundles).items():
            found[name] += [verdict] if verdict else []
        for verdicts in (
            self.by_medplum(bundles),
            self.by_pyrofile(bundles),
            self.by_ucum(bundles),
        ):
            for name, problems in verdicts.items():
                found[name] += problems
        return found

    def by_schema(self, bundle: Path) -> list[str]:
        """What HL7's R4 JSON schema objects to."""
        document: Any = json.loads(bundle.read_text(encoding="utf-8"))
        problems = []
        for resource in [document, *(entry["resource"] for entry in document.get("entry", []))]:
            kind = resource["resourceType"]
            # One definition at a time: the schema's own choice among all takes minutes.
            rule = Draft6Validator(
                {"$ref": f"#/definitions/{kind}", "definitions": self.schema["definitions"]}
            )
            shell = {name: value for name, value in resource.items() if name != "entry"}
            problems += [
                f"{kind} {'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                for error in rule.iter_errors(shell)
            ]
        return problems

    def by_google(self, bundles: Sequence[Path]) -> dict[str, str | None]:
        """What google-fhir objects to, by file."""
        verdicts: dict[str, str | None] = json.loads(
            run(self.google, HERE / "google_judge.py", *bundles)
        )
        return verdicts

    def by_medplum(self, bundles: Sequence[Path]) -> dict[str, list[str]]:
        """What the validator of @medplum/core objects to, claimed vital-signs profiles included."""
        verdicts: dict[str, list[str]] = json.loads(run("node", HERE / "validate.mjs", *bundles))
        return verdicts

    def by_ucum(self, bundles: Sequence[Path]) -> dict[str, list[str]]:
        """Which unit codes are none, by the reference implementation of UCUM."""
        verdicts: dict[str, list[str]] = json.loads(run("node", HERE / "units.mjs", *bundles))
        return verdicts

    def by_pyrofile(
        self, bundles: Sequence[Path], *, is_as_is: bool = False
    ) -> dict[str, list[str]]:
        """What pyrofile calls an error against base R4; its one known false alarm aside.

        As it is, it takes hours for a whole incident: see `pyrofile_judge`.
        """
        told = run(
            self.pyrofile,
            HERE / "pyrofile_judge.py",
            *(["--as-is"] if is_as_is else []),
            SCHEMA.parent,
            CACHE / "core-novitals",
            *bundles,
        )
        # Its FHIRPath engine prints as it goes; the verdict is the last line.
        verdicts: dict[str, list[str]] = json.loads(told.splitlines()[-1])
        return {
            name: [problem for problem in problems if not _FALSE_ALARM.search(problem)]
            for name, problems in verdicts.items()
        }
