"""The ends of time, and what is never left out of a search for a person."""

from __future__ import annotations

from itertools import product

import pytest

from cloud.fhir.rest.dates import PREFIXES
from cloud.fhir.rest.registry import BY_NAME
from tests.integration.fhir_rest.conftest import BASE, Hospital
from tests.integration.fhir_rest.test_abuse import outcome

pytestmark = pytest.mark.long_on_postgresql

ENDS = ("0001", "0001-01-01", "9998", "9999", "9999-12-31")
PERSONAL = (
    *("family", "given", "name", "birthdate", "phone", "email", "telecom", "gender"),
    *("address", "address-city", "address-postalcode", "address-country", "address-state"),
    *("phonetic", "death-date", "deceased", "general-practitioner", "link", "organization"),
    *("family:exact", "name:contains", "active", "language", "_text", "_content", "colour"),
)


@pytest.mark.parametrize("parameter", ["date", "_lastUpdated"])
@pytest.mark.parametrize("kind", ["Encounter", "Observation"])
async def test_every_prefix_reaches_the_ends_of_time(
    hospital: Hospital, kind: str, parameter: str
) -> None:
    for prefix, end in product(PREFIXES, ENDS):
        bundle = await hospital.read(f"{kind}?{parameter}={prefix}{end}&_summary=count")
        is_early = end.startswith("0001")
        finds_all = prefix == "ne" or prefix in (
            ("gt", "ge", "sa") if is_early else ("lt", "le", "eb")
        )
        # The encounter is not over: it reaches into every time that comes.
        if not (kind == "Encounter" and parameter == "date"):
            assert (bundle["total"] > 0) == finds_all, (prefix, end)


async def test_every_other_date_reaches_the_ends_of_time(small: Hospital) -> None:
    for kind in BY_NAME.values():
        dates = [one.name for one in kind.parameters if one.type == "date"]
        for name, prefix, end in product(dates, ("eq", "lt", "gt", "ap"), ("0001", "9999-12-31")):
            answer = await small.get(f"{kind.name}?{name}={prefix}{end}")
            assert answer.status_code == 200, (kind.name, name, prefix, end)


@pytest.mark.parametrize("handling", [{}, {"Prefer": "handling=lenient"}])
async def test_a_person_is_never_searched_for_by_less_than_was_asked_for(
    small: Hospital, handling: dict[str, str]
) -> None:
    for name in PERSONAL:
        for path in (f"Patient?{name}=1981", f"Patient?_lastUpdated=ge2020&{name}=1981&_count=0"):
            issue = outcome(await small.get(path, handling), 400, "not-supported")
            assert "_id, _lastUpdated, identifier" in issue["diagnostics"], name
    headers = {**small.headers, **handling}
    posted = await small.http.post(
        f"{BASE}/Patient/_search", data={"family": "Smith"}, headers=headers
    )
    assert "Smith" not in outcome(posted, 400, "not-supported")["diagnostics"]
    assert len(await small.search("Patient?_lastUpdated=ge2020&_count=5&_format=json")) == 1


@pytest.mark.parametrize("shape", ["_count=1", "_summary=count", "_count=0"])
async def test_what_is_left_out_is_told_and_not_said_to_be_asked_for(
    small: Hospital, shape: str
) -> None:
    bundle = await small.read(f"Encounter?colour=red&status=finished&{shape}")
    modes = [one["search"]["mode"] for one in bundle["entry"]]
    assert modes == ["outcome"]
    assert "colour" in bundle["entry"][0]["resource"]["issue"][0]["diagnostics"]
    (link,) = bundle["link"]
    assert "status=finished" in link["url"]
    assert "colour" not in link["url"]
