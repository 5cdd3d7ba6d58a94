"""The Accept header."""

from __future__ import annotations

import pytest

from cloud.api.shared.accept import admits, names, quality

JSON = "application/json"
FHIR = "application/fhir+json"


@pytest.mark.parametrize(
    ("accept", "json", "fhir"),
    [
        ("", 1, 1),
        ("*/*", 1, 1),
        ("application/xml", 0, 0),
        ("APPLICATION/FHIR+JSON", 0, 1),
        ("application/fhir+json; fhirVersion=4.0;q=0.5, application/json", 1, 0.5),
        ("application/*;q=0.3, application/json;q=0", 0, 0.3),
        ("text/html, */*;q=0.1", 0.1, 0.1),
        ("application/fhir+json;Q=0", 0, 0),
        ("application/json;q=nonsense", 1, 0),
        (", ;q=1,", 0, 0),
    ],
)
def test_the_most_specific_range_counts(accept: str, json: float, fhir: float) -> None:
    assert (quality(accept, JSON), quality(accept, FHIR)) == (json, fhir)
    assert admits(accept, [JSON, FHIR]) is bool(json or fhir)


def test_only_a_type_of_its_own_is_named() -> None:
    assert names("text/html, application/fhir+json;q=0.1", FHIR)
    assert not names("application/*", FHIR)
    assert not names("application/fhir+json;q=0", FHIR)
