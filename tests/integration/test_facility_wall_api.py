"""The wall between the facilities of one tenant, at the addresses of an encounter."""

from __future__ import annotations

from uuid import UUID

from cloud.core.retention.erasing import erase_encounter
from tests.fixtures.same_answers import Essence, essence
from tests.integration.test_encounter_acts_api import PATH, Scene, scene

__all__ = ["scene"]


async def answers_of(scene: Scene, encounter: str) -> dict[str, Essence]:
    """What the hospital's application is told of an encounter at every address it may call."""
    path = f"{PATH}/{encounter}"
    told: dict[str, Essence] = {}
    for end in (
        *("", "?format=fhir", "/fhir-bundle", "/fhir-document", "/handover.pdf", "/timeline"),
        *("/versions", "/versions/1", f"/attachments/{UUID(int=1)}"),
    ):
        answer = await scene.http.get(path + end, headers=scene.hospital)
        told[end] = essence(answer)
    for act, body in (
        ("acknowledgement", {"acknowledged_by": "dr-1"}),
        ("outcome", {"disposition": "admitted"}),
    ):
        for more in ({}, {"If-Match": 'W/"7"'}, {"Idempotency-Key": "k"}):
            headers = {**scene.hospital, **more}
            answer = await scene.http.post(f"{path}/{act}", json=body, headers=headers)
            told[f"{act} {more}"] = essence(answer)
    return told


async def test_a_facility_cannot_tell_anothers_encounter_from_one_there_is_not(
    scene: Scene,
) -> None:
    absent = await answers_of(scene, "enc_" + "0" * 32)
    assert all(one[0] == 404 for one in absent.values()), absent
    await scene.act("destination", {"facility_id": "elsewhere", "reason": "nearest"})
    assert await answers_of(scene, scene.encounter) == absent
    await scene.act("cancel", {"reason": "nobody there"})
    cloud = scene.cloud
    with cloud.database.begin(now=cloud.clock()) as work:
        erase_encounter(work, cloud.mine.caller, scene.encounter, reason="asked for")
    assert await answers_of(scene, scene.encounter) == absent
    assert (await scene.read()).json()["error"] == "encounter_erased"
