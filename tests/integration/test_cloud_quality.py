"""Quality indicators over HTTP: figures, what stands behind them, and who may ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from cloud.core.authorization.applications import register
from cloud.core.encounters.finding import find
from cloud.core.encounters.lifecycle import Step, move
from cloud.core.encounters.record_tables import EncounterOpRow
from cloud.core.encounters.service import NewEncounter, create
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.outbox import DomainEvent
from cloud.core.kernel.scopes import ACQI_READ
from cloud.core.quality.service import follow_quality, judge_everywhere
from protocols.model.codes import MdcCode, UnitCode
from tests.fixtures.cloud import START, VEHICLE, Installation, Tenant, batch, device_info, numeric

pytestmark = pytest.mark.long_on_postgresql

PATH = "/api/v1/acqi"
GLUCOSE = MdcCode.from_cf_code(160184)
MMOL_L = UnitCode(4722)
ARREST = {"arrest.resuscitation": "als_started"}
ROSC = {
    "arrest.rosc_at": (START + timedelta(minutes=20)).isoformat(),
    "arrest.rhythm_at_destination": "sinus_rhythm",
}


@dataclass(frozen=True, slots=True)
class Analyst:
    """A client that may read figures, and the cloud it reads them from."""

    cloud: Installation
    http: httpx.AsyncClient
    headers: dict[str, str]

    def completed(
        self,
        incident: str,
        *tellings: Mapping[str, object],
        at: datetime = START,
        vehicle: str = VEHICLE,
    ) -> str:
        """An encounter of which this was told, handed over and completed."""
        mine = self.cloud.mine.caller
        with self.cloud.database.begin(now=self.cloud.clock()) as work:
            wanted = NewEncounter(
                care_model="prehospital_emergency",
                vehicle_id=vehicle,
                crew_ids=("crew-1",),
                cad_incident_id=incident,
                started_at=at,
            )
            row, _ = create(work, mine, self.cloud.parts.vault, wanted)
            for path, value in (pair for told in tellings for pair in told.items()):
                work.session.add(_operation(self.cloud, row.encounter_id, path, value))
            move(work, row, Step.HAND_OVER)
            move(work, row, Step.COMPLETE)
            return row.encounter_id

    async def metrics(self, **query: str | int) -> httpx.Response:
        wanted = {
            "from_date": START.isoformat(),
            "to_date": (START + timedelta(days=1)).isoformat(),
            **query,
        }
        return await self.http.get(f"{PATH}/metrics", params=wanted, headers=self.headers)

    async def figure(self, name: str, **query: str | int) -> dict[str, Any]:
        answer = await self.metrics(name=name, **query)
        assert answer.status_code == 200, answer.text
        (found,) = answer.json()["metrics"]
        return dict(found)

    async def behind(self, name: str, **query: str | int) -> dict[str, Any]:
        wanted = {
            "from_date": START.isoformat(),
            "to_date": (START + timedelta(days=1)).isoformat(),
            **query,
        }
        answer = await self.http.get(
            f"{PATH}/metrics/{name}/encounters", params=wanted, headers=self.headers
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def _operation(cloud: Installation, encounter_id: str, path: str, value: object) -> EncounterOpRow:
    now = cloud.clock()
    return EncounterOpRow(
        op_id=uuid4(),
        tenant_id=cloud.mine.tenant_id,
        encounter_id=encounter_id,
        device_id="tablet-1",
        path=path,
        value=value,
        at=now,
        vector={"tablet-1": 1},
        digest="",
        outcome="applied",
        flags=[],
        sent_by=cloud.mine.client_id,
        received_at=now,
        changed_at=now,
    )


@pytest.fixture
async def analyst(cloud: Installation) -> AsyncIterator[Analyst]:
    async with cloud.client() as client:
        yield Analyst(cloud, client, await analysts_headers(cloud, client, cloud.mine))


async def analysts_headers(
    cloud: Installation, http: httpx.AsyncClient, whose: Tenant
) -> dict[str, str]:
    with cloud.database.begin(now=cloud.clock()) as work:
        made = register(work, tenant_id=whose.tenant_id, name="Analyst", scopes=(ACQI_READ,))
    return await cloud.token(http, made.client_id, made.client_secret)


async def test_figures_count_completed_encounters_and_keep_what_is_not_known_apart(
    analyst: Analyst,
) -> None:
    analyst.completed("INC-1", ARREST, ROSC)
    analyst.completed("INC-2", ARREST)
    analyst.completed("INC-3", ARREST, {"arrest.rosc_at": ROSC["arrest.rosc_at"]})
    analyst.completed("INC-4", {"narrative": "A fall, no arrest."})
    found = await analyst.figure("rosc_survival")
    assert found["value"] == 0.5
    assert (found["numerator"], found["denominator"]) == (1, 2)
    assert (found["unknown"], found["missing"], found["excluded"]) == (0, 1, 0)
    assert found["definition_versions"] == [1]
    assert [one.get("value") for one in found["sparkline"]] == [0.5, None]


async def test_an_empty_denominator_has_no_value(analyst: Analyst) -> None:
    found = await analyst.figure("stemi_care_bundle")
    assert "value" not in found
    assert found["denominator"] == 0


async def test_a_figure_leads_to_its_encounters_and_to_what_decided(analyst: Analyst) -> None:
    alive = analyst.completed("INC-1", ARREST, ROSC)
    lost = analyst.completed("INC-2", ARREST, at=START + timedelta(minutes=1))
    first = await analyst.behind("rosc_survival", limit=1)
    assert [one["encounter_id"] for one in first["encounters"]] == [alive]
    following = await analyst.behind("rosc_survival", cursor=first["next_cursor"])
    assert [one["encounter_id"] for one in following["encounters"]] == [lost]
    (judged,) = first["encounters"]
    assert judged["outcome"] == "met"
    (element,) = judged["elements"]
    assert [one["what"] for one in element["evidence"]] == [
        "arrest.rosc_at",
        "arrest.rhythm_at_destination",
    ]
    not_met = await analyst.behind("rosc_survival", outcome="not_met")
    assert [one["encounter_id"] for one in not_met["encounters"]] == [lost]


async def test_devices_readings_count_like_the_crews(analyst: Analyst) -> None:
    cloud = analyst.cloud
    low, later = (
        numeric(value, START + timedelta(minutes=minute), code=GLUCOSE, unit=MMOL_L)
        for value, minute in (("2.80", 1), ("6.10", 17))
    )
    cloud.clock.pass_(1800)
    with cloud.database.begin(now=cloud.clock()) as work:
        wanted = NewEncounter(
            care_model="prehospital_emergency",
            vehicle_id=VEHICLE,
            crew_ids=(),
            cad_incident_id="INC-9",
            started_at=START,
        )
        row, _ = create(work, cloud.mine.caller, cloud.parts.vault, wanted)
        encounter_id = row.encounter_id
    with cloud.database.begin(now=cloud.clock()) as work:
        record_uplink(work, cloud.mine.gateway, batch(cloud.mine, [device_info(), low, later]))
    with cloud.database.begin(now=cloud.clock()) as work:
        row = find(work, cloud.mine.caller, encounter_id)
        move(work, row, Step.HAND_OVER)
        move(work, row, Step.COMPLETE)
    found = await analyst.figure("hypoglycaemia_recheck")
    assert (found["numerator"], found["denominator"]) == (1, 1)


async def test_what_happens_after_the_end_is_judged_anew(analyst: Analyst) -> None:
    cloud = analyst.cloud
    encounter_id = analyst.completed("INC-1", ARREST)
    assert (await analyst.figure("rosc_survival"))["numerator"] == 0
    with cloud.database.begin(now=cloud.clock()) as work:
        for path, value in ROSC.items():
            work.session.add(_operation(cloud, encounter_id, path, value))
        find(work, cloud.mine.caller, encounter_id).version += 1
    assert (await analyst.figure("rosc_survival"))["numerator"] == 1
    found = await analyst.behind("rosc_survival")
    assert len(found["encounters"]) == 1


async def test_the_worker_judges_before_anybody_asks(analyst: Analyst) -> None:
    cloud = analyst.cloud
    encounter_id = analyst.completed("INC-1", ARREST)
    event = DomainEvent(
        event_id="evt_1",
        tenant_id=cloud.mine.tenant_id,
        type="epcr.encounter.completed",
        occurred_at=START,
        resource_type="encounter",
        resource_id=encounter_id,
        data={},
    )
    with cloud.database.begin(now=cloud.clock()) as work:
        follow_quality([event], work)
        follow_quality([event], work)
    with cloud.database.begin(now=cloud.clock()) as work:
        assert judge_everywhere(work) == 0


async def test_what_was_completed_before_is_judged_by_the_worker_in_portions(
    analyst: Analyst,
) -> None:
    for number in range(3):
        analyst.completed(f"INC-{number}", ARREST)
    with analyst.cloud.database.begin(now=analyst.cloud.clock()) as work:
        assert judge_everywhere(work) == 3
        assert judge_everywhere(work) == 0


async def test_figures_can_be_narrowed_to_a_vehicle(analyst: Analyst) -> None:
    analyst.completed("INC-1", ARREST)
    analyst.completed("INC-2", ARREST, vehicle="AMB-8")
    assert (await analyst.figure("rosc_survival"))["denominator"] == 2
    assert (await analyst.figure("rosc_survival", vehicle_id="AMB-8"))["denominator"] == 1
    other = await analyst.figure("rosc_survival", care_model="event_medical")
    assert other["denominator"] == 0


async def test_published_figures_withhold_small_numbers(analyst: Analyst) -> None:
    analyst.completed("INC-1", ARREST)
    found = await analyst.figure("rosc_survival", public="true")
    assert found["suppressed"] is True
    assert "value" not in found
    assert "denominator" not in found
    assert "sparkline" not in found


async def test_another_organisation_sees_none_of_it(analyst: Analyst) -> None:
    analyst.completed("INC-1", ARREST)
    stranger = await analysts_headers(analyst.cloud, analyst.http, analyst.cloud.other)
    found = await Analyst(analyst.cloud, analyst.http, stranger).figure("rosc_survival")
    assert found["denominator"] == 0


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ({"to_date": START.isoformat()}, "invalid_period"),
        ({"to_date": (START + timedelta(days=400)).isoformat()}, "invalid_period"),
        ({"time_zone": "Europe/Lundin"}, "unknown_time_zone"),
        ({"from_date": "yesterday"}, "invalid_since"),
        ({"name": "survival"}, "unknown_indicator"),
    ],
)
async def test_a_bad_question_is_told_what_to_do(
    analyst: Analyst, query: dict[str, str], error: str
) -> None:
    answer = await analyst.metrics(**query)
    assert answer.status_code in (404, 422)
    assert answer.json()["error"] == error


async def test_without_the_scope_nothing_is_told(analyst: Analyst) -> None:
    others = await analyst.cloud.headers(analyst.http, "argus:epcr:read")
    for path in ("indicators", "metrics", "metrics/rosc_survival/encounters"):
        query = {"from_date": START.isoformat(), "to_date": START.isoformat()}
        answer = await analyst.http.get(f"{PATH}/{path}", params=query, headers=others)
        assert answer.status_code == 403


async def test_the_list_of_indicators_says_what_each_means(analyst: Analyst) -> None:
    answer = await analyst.http.get(f"{PATH}/indicators", headers=analyst.headers)
    found = {one["name"]: one for one in answer.json()["indicators"]}
    bundle = found["stemi_care_bundle"]
    assert bundle["definitions"][0]["elements"] == [
        "aspirin",
        "gtn",
        "two_pain_scores",
        "analgesia",
    ]
    assert all(one["description"].endswith(".") for one in found.values())
    assert len(found) == 11
