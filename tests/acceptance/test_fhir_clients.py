"""Clients that others wrote read and search a served cloud with an arrest in it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.identifiers import uuid_of
from cloud.core.kernel.work import utc_now
from cloud.fhir.rest.registry import KINDS
from tests.acceptance.judges import HERE, Judges, install_node_packages, own_python
from tests.fixtures.handovers import DEVICES, START, arrest_handover
from tests.fixtures.served_cloud import ServedCloud, served_cloud

pytestmark = pytest.mark.acceptance

SECONDS = 60
SCOPE = "system/*.rs"
SUBSCRIBING = "system/Subscription.cruds"


@dataclass(frozen=True, slots=True)
class Served:
    """What a hospital's system is given to begin with."""

    cloud: ServedCloud
    encounter: str

    @property
    def wanted(self) -> dict[str, str]:
        """As the readers take it."""
        return {
            "base": f"{self.cloud.base_url}/fhir/R4",
            "token": self.cloud.token(f"{SCOPE} {SUBSCRIBING}"),
            "encounter": self.encounter,
        }

    def ask(self, *command: str | Path) -> dict[str, Any]:
        """What a reader tells; AssertionError with its words when it gives up."""
        done = subprocess.run(
            [*map(str, command), json.dumps(self.wanted)],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = json.loads(done.stdout)
        return told


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    shift = utc_now() - timedelta(seconds=SECONDS + 10) - START
    readings = []
    for stored in arrest_handover(SECONDS).observations:
        observed = stored.observation.observed_at
        moved = replace(observed, at=observed.at + shift)
        readings.append(replace(stored.observation, observed_at=moved))
    with served_cloud(tmp_path_factory.mktemp("cloud")) as cloud:
        with cloud.parts.database.begin(now=utc_now()) as work:
            row = work.session.get_one(ApplicationRow, cloud.client_id)
            row.approved_scopes = [*row.approved_scopes, SCOPE, SUBSCRIBING]
        encounter_id = cloud.open_encounter("RTW-7", seconds_ago=SECONDS + 30)
        cloud.send("RTW-7", [device.info for device in DEVICES])
        for first in range(0, len(readings), 200):
            cloud.send("RTW-7", readings[first : first + 200])
        yield Served(cloud, str(uuid_of(encounter_id)))


def descending(times: Sequence[str]) -> bool:
    return list(times) == sorted(times, reverse=True)


def test_fhirpy_reads_and_searches(served: Served) -> None:
    told = served.ask(own_python("fhirpy"), HERE / "fhirpy_reader.py")
    assert (told["status"], told["patient"], told["absent"]) == ("in-progress", "female", "absent")
    assert told["counted"] == len(told["readings"]) == len(set(told["readings"])) > 100
    assert (len(told["newest"]), told["units"], told["since"]) == (3, ["%"], 0)
    assert descending(told["newest"])
    assert told["along"] == ["Device", "Observation", "Patient"]
    assert (told["devices"], told["open"]) == (len(DEVICES) + 1, 1)


def test_fhir_kit_client_reads_searches_and_follows_pages(served: Served) -> None:
    install_node_packages()
    told = served.ask("node", HERE / "fhir_kit_reader.mjs")
    assert (told["fhir"], told["status"], told["absent"]) == ("4.0.1", "in-progress", "not-found")
    assert {kind.name for kind in KINDS} <= set(told["types"])
    assert told["token"] == f"{served.cloud.base_url}/v1/oauth/token"
    assert told["same"]
    assert told["versions"] == 1
    assert len(told["readings"]) == len(set(told["readings"])) > 100
    assert descending(told["newest"])
    assert {"Encounter", "Patient", "Observation"} <= set(told["whole"])
    other = served.ask(own_python("fhirpy"), HERE / "fhirpy_reader.py")
    assert told["readings"] == other["readings"]


def test_every_judge_is_content_with_what_is_read(served: Served, tmp_path: Path) -> None:
    judges = Judges.install()
    base, headers = served.wanted["base"], {"Authorization": f"Bearer {served.wanted['token']}"}
    paths: list[Path] = []
    of_subscriptions: list[Path] = []

    def keep(document: dict[str, Any], kept: list[Path] = paths) -> None:
        kept.append(tmp_path / f"{id(kept)}-{len(kept)}.json")
        kept[-1].write_text(json.dumps(document), encoding="utf-8")

    with httpx.Client(headers=headers) as client:
        url = f"{base}/Encounter/{served.encounter}/$everything?_count=200"
        while url:
            page = client.get(url).json()
            keep(page)
            url = {one["relation"]: one["url"] for one in page["link"]}.get("next", "")
        keep(client.get(f"{base}/Encounter/{served.encounter}/_history").json())
        keep(client.get(f"{base}/Encounter?colour=red&_revinclude=Provenance:target").json())
        statement = client.get(f"{base}/metadata").json()
        subscription = client.post(f"{base}/Subscription", json=wanted_subscription(base)).json()
        events = client.get(f"{base}/Subscription/{subscription['id']}/$events").json()
        keep(events, of_subscriptions)
        entries = [
            {
                "fullUrl": f"{base}/{one['resourceType']}/{one.get('id', 'metadata')}",
                "resource": one,
            }
            for one in (statement, subscription)
        ]
        keep({"resourceType": "Bundle", "type": "collection", "entry": entries}, of_subscriptions)
    assert len(paths) > 3
    assert judges.objections(paths) == {str(path): [] for path in paths}
    # The two others know neither the profiles of the Backport guide nor lists inside of lists.
    assert [problem for path in of_subscriptions for problem in judges.by_schema(path)] == []
    assert judges.by_google(of_subscriptions) == dict.fromkeys(map(str, of_subscriptions))


def wanted_subscription(base: str) -> dict[str, Any]:
    content = {
        "url": "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
        "backport-payload-content",
        "valueCode": "id-only",
    }
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "Who is coming",
        "criteria": f"{base}/SubscriptionTopic/handover",
        "channel": {
            "type": "rest-hook",
            "endpoint": "https://hooks.example.org/fhir",
            "payload": "application/fhir+json",
            "_payload": {"extension": [content]},
        },
    }
