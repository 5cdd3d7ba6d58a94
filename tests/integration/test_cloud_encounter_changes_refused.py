"""Which changes of an encounter are flagged, which refused, and what comes after the handover."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from cloud.core.encounters.handing_over import hand_over
from cloud.core.encounters.versions import versions_of
from tests.fixtures.cloud import Installation
from tests.fixtures.tablets import MINE, THEIRS, Crew, Json, op
from tests.integration.test_cloud_recording import open_encounter


@pytest.fixture
async def crew(cloud: Installation) -> AsyncIterator[Crew]:
    async with cloud.client() as client:
        yield Crew(cloud, client, await cloud.headers(client), open_encounter(cloud))


@pytest.fixture
async def alone(embedded: Installation) -> AsyncIterator[Crew]:
    """Where no database makes a difference."""
    async with embedded.client() as client:
        yield Crew(embedded, client, await embedded.headers(client), open_encounter(embedded))


@pytest.mark.parametrize(("seconds", "flagged"), [(599, False), (601, True), (-601, True)])
async def test_a_clock_ten_minutes_off_is_flagged_and_not_refused(
    alone: Crew, seconds: int, *, flagged: bool
) -> None:
    sent_at = (alone.cloud.clock() + timedelta(seconds=seconds)).isoformat()
    old = op(1, "disposition", "conveyed", minutes=-200, vector={MINE: 1})
    answer = await alone.tell(MINE, old, sent_at=sent_at)
    expected = [{"op_id": old["op_id"], "flags": ["clock_skew"]}] if flagged else []
    assert answer["flagged"] == expected
    assert alone.record().fields["disposition"].flags == (("clock_skew",) if flagged else ())


async def test_a_time_ahead_of_ours_is_flagged(alone: Crew) -> None:
    ahead = op(1, "disposition", "conveyed", minutes=10.1, vector={MINE: 1})
    assert (await alone.tell(MINE, ahead))["flagged"][0]["flags"] == ["clock_skew"]


async def test_a_stale_version_is_412_and_the_present_one_is_taken(alone: Crew) -> None:
    told = op(1, "disposition", "conveyed", vector={MINE: 1})
    for tag, expected in (('W/"9"', 412), ("of-no-version", 412), ('"1"', 200), ("*", 200)):
        alone.extra = {"If-Match": tag}
        response = await alone.patch(MINE, told)
        assert response.status_code == expected, tag


async def test_after_the_handover_nothing_new_is_taken_and_a_repeat_still_answers(
    crew: Crew,
) -> None:
    told = op(1, "disposition", "conveyed", vector={MINE: 1})
    first = await crew.tell(MINE, told)
    with crew.cloud.database.begin(now=crew.cloud.clock()) as work:
        hand_over(
            work, crew.cloud.mine.caller, crew.encounter, facility_id="fac-1", received_by="nurse"
        )
    again = await crew.patch(MINE, told)
    assert (again.status_code, again.json()["applied"]) == (200, first["applied"])
    refused = await crew.patch(MINE, told, op(2, "acuity", "critical", vector={MINE: 2}))
    assert (refused.status_code, refused.json()["error"]) == (409, "encounter_closed")
    assert crew.record().value("acuity") is None
    late = op(3, "acuity", "emergent", vector={MINE: 2})
    amended = await crew.tell(MINE, late, reason="Written down late")
    assert (amended["applied"], amended["version"]) == (
        [late["op_id"]],
        again.json()["version"] + 1,
    )
    assert await crew.tell(MINE, late, reason="Written down late") == amended
    assert crew.record().value("acuity") == "emergent"
    with crew.cloud.database.reading(now=crew.cloud.clock()) as work:
        kept = versions_of(work, crew.cloud.mine.caller, crew.encounter)
        assert [(one.kind, one.reason) for one in kept] == [
            ("handed_over", ""), ("amended", "Written down late"),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"path": "tenant_id"}, "ops[0].path", "unknown_path"),
        ({"path": "notes/none"}, "ops[0].path", "unknown_path"),
        ({"value": "somewhere"}, "ops[0].value", "one of conveyed"),
        ({"vector": {THEIRS: 1}}, "ops[0].vector", "counts its own device from 1"),
        ({"vector": {MINE: 0}}, "ops[0].vector", "counts its own device from 1"),
    ],
)
async def test_what_may_not_be_told_is_422_and_nothing_is_kept(
    alone: Crew, changes: Json, field: str, rule: str
) -> None:
    good = op(1, "acuity", "critical", vector={MINE: 1})
    bad = {**op(2, "disposition", "conveyed", vector={MINE: 2}), **changes}
    response = await alone.patch(MINE, bad, good)
    assert response.status_code == 422
    (found,) = response.json()["details"]["fields"]
    assert found["field"] == field
    assert found["rule"].startswith(rule)
    assert alone.record().value("acuity") is None


@pytest.mark.parametrize(
    "body",
    [
        {"ops": []},
        {"device_id": MINE, "ops": []},
        {"device_id": "a b", "ops": [op(1, "acuity", "critical", vector={"a b": 1})]},
        {"device_id": MINE, "ops": [op(1, "acuity", "critical", vector={MINE: -1})]},
        {"device_id": MINE, "ops": [op(1, "acuity", "critical", vector={MINE: 2**53})]},
        {"device_id": MINE, "ops": [{**op(1, "acuity", "critical", vector={MINE: 1}), "x": 1}]},
        {"device_id": MINE, "status": "completed", "ops": []},
    ],
)
async def test_a_wrong_request_is_422(alone: Crew, body: Json) -> None:
    response = await alone.http.patch(alone.path, json=body, headers=alone.headers)
    assert response.status_code == 422


async def test_strangers_and_readers_change_nothing(alone: Crew) -> None:
    told = op(1, "disposition", "conveyed", vector={MINE: 1})
    alone.headers, mine = await alone.cloud.strangers_headers(alone.http), alone.headers
    absent = await alone.patch(MINE, told)
    assert (absent.status_code, absent.json()["error"]) == (404, "encounter_not_found")
    listed = await alone.http.get(
        f"{alone.path}/changes", params={"device_id": MINE}, headers=alone.headers
    )
    assert listed.status_code == 404
    alone.headers = await alone.cloud.headers(alone.http, "argus:epcr:read")
    assert (await alone.patch(MINE, told)).status_code == 403
    alone.headers = mine
    assert alone.record().value("disposition") is None
