"""Judges bundles with google-fhir; runs in an environment of its own (google-requirements.txt).

Usage: python google_judge.py FILE...; prints one JSON line: {file: problem or null}.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from google.fhir.core.fhir_errors import InvalidFhirError
from google.fhir.r4.json_format import json_fhir_string_to_proto
from google.fhir.r4.proto.core.resources import bundle_and_contained_resource_pb2


def judge(text: str) -> str | None:
    """What is wrong with a bundle, None when nothing is."""
    try:
        json_fhir_string_to_proto(
            text, bundle_and_contained_resource_pb2.Bundle, validate=True, default_timezone="Z"
        )
    except (InvalidFhirError, ValueError) as problem:
        return str(problem)
    return None


if __name__ == "__main__":
    verdicts = {name: judge(Path(name).read_text(encoding="utf-8")) for name in sys.argv[1:]}
    sys.stdout.write(json.dumps(verdicts) + "\n")
