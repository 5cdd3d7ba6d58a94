"""The signed document: one a version, the same for ever, verified from the published keys."""

from __future__ import annotations

import copy
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey
from sqlalchemy import select, update

from cloud.core.authorization.keys import rotate
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.encounters import handing_over, versions
from cloud.core.encounters.document_tables import EncounterDocumentRow
from cloud.core.encounters.finding import find
from cloud.core.encounters.patients import ToldPatient
from cloud.core.encounters.uplink import record_uplink
from cloud.core.kernel.scopes import EPCR_HANDOVER
from cloud.fhir.signature import is_signed_by, key_id
from tests.fixtures.cloud import START, Installation, batch, device_info, numeric
from tests.fixtures.fhir_checks import problems
from tests.fixtures.patients import FACILITY, SMITH, audited, events_of, hospital, open_encounter

pytestmark = pytest.mark.long_on_postgresql

PATH = "/api/v1/epcr/encounters"


def uplink(cloud: Installation, *values: str, after: int = 0) -> None:
    """Readings of the oximeter, one a second."""
    readings = [
        numeric(value, START + timedelta(seconds=after + second))
        for second, value in enumerate(values)
    ]
    with cloud.database.begin(now=cloud.clock()) as work:
        record_uplink(work, cloud.mine.gateway, batch(cloud.mine, [device_info(), *readings]))


def hand_over(cloud: Installation, encounter_id: str) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        handing_over.hand_over(
            work, cloud.mine.caller, encounter_id, facility_id=FACILITY, received_by="nurse-1"
        )


def amend(cloud: Installation, encounter_id: str) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        row = find(work, cloud.mine.caller, encounter_id)
        row.version += 1
        versions.amend(work, cloud.mine.caller, row, "a dose was corrected")


async def fetch(
    cloud: Installation,
    encounter_id: str,
    *,
    scope: str = "",
    version: int | None = None,
    kind: str = "",
) -> httpx.Response:
    async with cloud.client() as client:
        headers = await cloud.headers(client, scope) if scope else await cloud.headers(client)
        path = f"{PATH}/{encounter_id}/fhir-document"
        told = {"version": version, "kind": kind or None}
        query = {name: value for name, value in told.items() if value is not None}
        return await client.get(path, params=query, headers=headers)


def parsed(answer: httpx.Response) -> Any:  # noqa: ANN401 - JSON
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_float=Decimal)


async def published(cloud: Installation, kid: str) -> ECKey:
    async with cloud.client() as client:
        found = (await client.get("/.well-known/jwks.json")).json()["keys"]
    return ECKey.import_key(next(one for one in found if one["kid"] == kid))


async def test_before_the_handover_it_is_preliminary_signed_and_not_kept(
    cloud: Installation,
) -> None:
    encounter_id = open_encounter(cloud)
    uplink(cloud, "97.0", "96.50")
    document = parsed(await fetch(cloud, encounter_id))
    assert document["type"] == "document"
    assert document["entry"][0]["resource"]["status"] == "preliminary"
    assert problems(document) == []
    key = await published(cloud, key_id(document["signature"]))
    assert is_signed_by(document, key)
    with cloud.database.reading(now=cloud.clock()) as work:
        assert work.session.scalars(select(EncounterDocumentRow)).all() == []


async def test_a_changed_digit_breaks_the_signature(cloud: Installation) -> None:
    encounter_id = open_encounter(cloud)
    uplink(cloud, "97.0")
    document = parsed(await fetch(cloud, encounter_id))
    key = await published(cloud, key_id(document["signature"]))
    spoilt = copy.deepcopy(document)
    reading = next(one["resource"] for one in spoilt["entry"] if "valueQuantity" in one["resource"])
    reading["valueQuantity"]["value"] = Decimal("97.00")
    assert is_signed_by(document, key)
    assert not is_signed_by(spoilt, key)


async def test_a_version_stays_what_it_was(cloud: Installation) -> None:
    encounter_id = open_encounter(cloud)
    uplink(cloud, "97.0")
    hand_over(cloud, encounter_id)
    first = await fetch(cloud, encounter_id)
    cloud.clock.pass_(60)
    uplink(cloud, "91.0", after=30)
    amend(cloud, encounter_id)
    again = await fetch(cloud, encounter_id, version=parsed_version(first))
    assert again.content == first.content
    newest = parsed(await fetch(cloud, encounter_id))
    report = newest["entry"][0]["resource"]
    assert report["status"] == "amended"
    replaced = [one["targetIdentifier"] for one in report["relatesTo"]]
    assert parsed(first)["entry"][0]["resource"]["identifier"] in replaced


def parsed_version(answer: httpx.Response) -> int:
    return int(answer.headers["etag"].strip('W/"'))


async def test_an_old_version_nobody_asked_for_is_made_of_its_own_record(
    cloud: Installation,
) -> None:
    encounter_id = open_encounter(cloud)
    hand_over(cloud, encounter_id)
    cloud.clock.pass_(60)
    amend(cloud, encounter_id)
    with cloud.database.reading(now=cloud.clock()) as work:
        old, new = (
            one.version for one in versions.versions_of(work, cloud.mine.caller, encounter_id)
        )
    statuses = [
        parsed(await fetch(cloud, encounter_id, version=one))["entry"][0]["resource"]["status"]
        for one in (old, new)
    ]
    assert statuses == ["final", "amended"]


async def test_a_version_that_was_not_kept_is_not_found(cloud: Installation) -> None:
    encounter_id = open_encounter(cloud)
    answer = await fetch(cloud, encounter_id, version=7)
    assert answer.status_code == 404
    assert "version_not_found" in answer.text


async def test_a_document_whose_key_is_gone_is_signed_anew_and_else_the_same(
    cloud: Installation,
) -> None:
    encounter_id = open_encounter(cloud)
    hand_over(cloud, encounter_id)
    before = parsed(await fetch(cloud, encounter_id))
    with cloud.database.begin(now=cloud.clock()) as work:
        rotate(work, cloud.parts.vault, keep_for=timedelta(seconds=5))
    cloud.clock.pass_(60)
    after = parsed(await fetch(cloud, encounter_id))
    old, new = before.pop("signature"), after.pop("signature")
    assert before == after
    assert key_id(old) != key_id(new)
    key = await published(cloud, key_id(new))
    assert is_signed_by({**after, "signature": new}, key)


def place(cloud: Installation) -> None:
    """My application is the facility's, and may see who patients are."""
    hospital(cloud)
    scopes = [*cloud.mine.scopes, EPCR_HANDOVER]
    with cloud.database.begin(now=cloud.clock()) as work:
        work.session.execute(
            update(ApplicationRow)
            .where(ApplicationRow.client_id == cloud.mine.client_id)
            .values(requested_scopes=scopes, approved_scopes=scopes)
        )


async def test_the_destination_gets_the_person_and_it_is_written_down(
    cloud: Installation,
) -> None:
    encounter_id = open_encounter(cloud, patient=ToldPatient(identity=SMITH))
    hand_over(cloud, encounter_id)
    place(cloud)
    shown = parsed(await fetch(cloud, encounter_id, scope=EPCR_HANDOVER))
    assert problems(shown) == []
    (patient,) = [
        one["resource"] for one in shown["entry"] if one["resource"]["resourceType"] == "Patient"
    ]
    assert patient["name"][0]["family"] == "Smith"
    assert [one["code"] for one in shown["meta"]["security"]] == ["R"]
    assert "export-identified-document" in audited(cloud)
    assert [one.data.get("is_export") for one in events_of(cloud)].count(True) == 1


async def test_identified_documents_lie_sealed(cloud: Installation) -> None:
    encounter_id = open_encounter(cloud, patient=ToldPatient(identity=SMITH))
    hand_over(cloud, encounter_id)
    place(cloud)
    await fetch(cloud, encounter_id, scope=EPCR_HANDOVER)
    with cloud.database.reading(now=cloud.clock()) as work:
        (row,) = work.session.scalars(select(EncounterDocumentRow)).all()
    assert row.projection == "identified"
    assert b"Smith" not in row.sealed


@pytest.mark.parametrize("other", ["enc_00000000000000000000000000000000"])
async def test_nobody_elses_encounter_is_found(cloud: Installation, other: str) -> None:
    assert (await fetch(cloud, other)).status_code == 404


async def test_a_pre_alert_is_smaller_signed_and_never_a_version(cloud: Installation) -> None:
    encounter_id = open_encounter(cloud)
    uplink(cloud, "97.0", "96.0", "95.0")
    alert = parsed(await fetch(cloud, encounter_id, kind="pre-alert"))
    assert problems(alert) == []
    assert alert["entry"][0]["resource"]["status"] == "preliminary"
    values = [
        one["resource"]["valueQuantity"]["value"]
        for one in alert["entry"]
        if "valueQuantity" in one["resource"]
    ]
    assert values == [Decimal("95.0")]
    assert is_signed_by(alert, await published(cloud, key_id(alert["signature"])))
    refused = await fetch(cloud, encounter_id, kind="pre-alert", version=1)
    assert refused.status_code == 422
