"""Retention, holds and erasure as administrators reach them: over HTTP and on the machine."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.fixtures.administration import Operator
from tests.fixtures.cloud import Installation
from tests.fixtures.held_records import closed_encounter, traces

pytestmark = pytest.mark.long_on_postgresql

PLATFORM = "/v1/platform"
ENCOUNTERS = "/api/v1/epcr/encounters"
ADMIN = "argus:platform:admin"


async def admin_headers(cloud: Installation, client: httpx.AsyncClient) -> dict[str, str]:
    mine = cloud.mine
    return await cloud.token(client, mine.admin_client_id, mine.admin_client_secret, ADMIN)


async def test_an_administrator_sets_how_long_what_is_kept(cloud: Installation) -> None:
    async with cloud.client() as client:
        headers = await admin_headers(cloud, client)
        wanted = {"waveform_days": 30, "reading_days": 365, "record_days": 3650}
        path = f"{PLATFORM}/retention"
        answer = await client.put(path, json=wanted, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["in_force"] == answer.json()["own"] == wanted
        wrong = await client.put(path, json={**wanted, "record_days": 3}, headers=headers)
        assert wrong.status_code == 422
        assert "invalid_retention" in wrong.text
        mine = closed_encounter(cloud)
        cloud.clock.pass_(31 * 86_400)
        headers = await admin_headers(cloud, client)
        due = (await client.get(path, headers=headers)).json()["due"]
        assert due == {"waveforms": 1, "readings": 0, "records": 0, "late": 0}
        assert traces(cloud, mine)["waveforms"] == 1
        reader = await cloud.headers(client)
        assert (await client.get(path, headers=reader)).status_code == 403


async def test_a_deletion_under_legal_hold_is_refused_with_its_reason(cloud: Installation) -> None:
    """Row 45 of the abuse table."""
    mine = closed_encounter(cloud, person="p-1")
    async with cloud.client() as client:
        headers = await admin_headers(cloud, client)
        hold = {"encounter_id": mine, "reason": "court order 7"}
        placed = await client.post(f"{PLATFORM}/legal-holds", json=hold, headers=headers)
        assert placed.status_code == 201, placed.text
        wanted = {"encounter_id": mine, "reason": "asked by the person"}
        refused = await client.post(f"{PLATFORM}/erasures", json=wanted, headers=headers)
        assert refused.status_code == 409
        assert "legal_hold" in refused.text
        assert "court order 7" in refused.text
        assert traces(cloud, mine)
        hold_id = placed.json()["hold_id"]
        lifted = await client.post(f"{PLATFORM}/legal-holds/{hold_id}/lift", headers=headers)
        assert lifted.status_code == 200, lifted.text
        listed = await client.get(f"{PLATFORM}/legal-holds", headers=headers)
        assert [one["hold_id"] for one in listed.json()["legal_holds"]] == [hold_id]
        done = await client.post(f"{PLATFORM}/erasures", json=wanted, headers=headers)
        assert done.status_code == 200, done.text
        assert traces(cloud, mine) == {}


async def test_an_erased_encounter_is_gone_for_whoever_asks(cloud: Installation) -> None:
    mine = closed_encounter(cloud)
    async with cloud.client() as client:
        headers = await admin_headers(cloud, client)
        wanted = {"encounter_id": mine, "reason": "asked by the person", "dry_run": True}
        trial = await client.post(f"{PLATFORM}/erasures", json=wanted, headers=headers)
        assert trial.json()["counts"]["observations"] == 2
        assert traces(cloud, mine)
        wanted["dry_run"] = False
        # A repeat of the same call gets the same answer; a call of its own is told it is gone.
        once = {**headers, "Idempotency-Key": "e-1"}
        first, again = [
            await client.post(f"{PLATFORM}/erasures", json=wanted, headers=once) for _ in range(2)
        ]
        assert first.status_code == 200
        assert again.status_code == 200
        third = await client.post(f"{PLATFORM}/erasures", json=wanted, headers=headers)
        assert third.status_code == 410
        reader = await cloud.headers(client)
        for path in (f"{ENCOUNTERS}/{mine}", f"{ENCOUNTERS}/{mine}/fhir-bundle"):
            assert (await client.get(path, headers=reader)).status_code == 410, path
        stranger = await cloud.strangers_headers(client)
        path = f"{ENCOUNTERS}/{mine}"
        assert (await client.get(path, headers=stranger)).status_code == 404
        both = await client.post(f"{PLATFORM}/erasures", json={"reason": "x"}, headers=headers)
        assert both.status_code == 422


def test_an_operator_sets_sweeps_holds_and_erases(
    embedded: Installation, operator: Operator
) -> None:
    owner = ("--tenant", embedded.mine.tenant_id)
    old = closed_encounter(embedded)
    code, said, _ = operator("retention", "set", "--waveform-days", "30", *owner)
    assert code == 0
    assert json.loads(said)["waveform_days"] == 30
    code, said, errors = operator("retention", "set", "--reading-days", "10", *owner)
    assert code == 2
    assert "invalid_retention" in errors
    code, said, _ = operator("retention", "hold", "--encounter", old, "--reason", "court", *owner)
    hold_id = json.loads(said)["hold_id"]
    code, _, errors = operator("erase", "encounter", old, "--reason", "asked", *owner)
    assert code == 2
    assert "legal_hold" in errors
    assert operator("retention", "lift", hold_id, *owner)[0] == 0
    code, said, _ = operator("erase", "encounter", old, "--reason", "asked", "--dry-run", *owner)
    assert json.loads(said)["counts"]["observations"] == 2
    assert traces(embedded, old)
    assert operator("erase", "encounter", old, "--reason", "asked", *owner)[0] == 0
    assert traces(embedded, old) == {}
    code, said, _ = operator("retention", "set", "--waveform-days", "standard", *owner)
    assert json.loads(said)["waveform_days"] == 0
    assert operator("retention", "show", *owner)[0] == 0
    assert operator("retention", "sweep", *owner)[0] == 0
    code, said, _ = operator("retention", "holds", *owner)
    assert json.loads(said)["lifted_at"] is not None
    code, _, errors = operator("erase", "patient", "pat_1", "--reason", "asked", *owner)
    assert (code, "patient_not_found" in errors) == (2, True)


@pytest.mark.parametrize("days", ["1.5", "-1", "forever", "40000"])
def test_days_are_whole_numbers(embedded: Installation, operator: Operator, days: str) -> None:
    with pytest.raises(SystemExit):
        operator("retention", "set", f"--waveform-days={days}", "--tenant", embedded.mine.tenant_id)
