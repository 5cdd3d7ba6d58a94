"""Devices without a network tell what they know: merged alike in any order, every loser told."""

from __future__ import annotations

import random
import threading
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

import pytest
from sqlalchemy import select

from cloud.core.encounters import changing
from cloud.core.encounters.finding import find
from cloud.core.encounters.record_tables import EncounterOpRow
from cloud.core.encounters.recorded import record_of
from cloud.core.encounters.taking import Change, Given
from tests.fixtures.cloud import START, Installation
from tests.fixtures.tablets import MINE, ROOT, THEIRS, Crew, Json, lost, op
from tests.integration.test_cloud_crew_events import event, send
from tests.integration.test_cloud_recording import open_encounter

pytestmark = pytest.mark.long_on_postgresql


@pytest.fixture
async def crew(cloud: Installation) -> AsyncIterator[Crew]:
    async with cloud.client() as client:
        yield Crew(cloud, client, await cloud.headers(client), open_encounter(cloud))


async def test_what_is_told_is_in_the_record_to_the_digit(crew: Crew) -> None:
    answer = await crew.tell(
        MINE,
        op(1, "chief_complaint", {"display": "Chest pain"}, vector={MINE: 1}),
        op(2, "times.on_scene", "2026-11-23T10:10:00+01:00", vector={MINE: 2}),
        {
            **op(3, "vitals", None, vector={MINE: 3}),
            "value": {"type": "temperature", "values": {"value": 36.6}, "unit": "Cel"},
        },
    )
    assert answer["applied"] == [op(number, "", 0, vector={})["op_id"] for number in (1, 2, 3)]
    assert (answer["superseded"], answer["conflicts"], answer["flagged"]) == ([], [], [])
    assert (answer["version"], answer["vector"]) == (2, {MINE: 3})
    told = crew.record()
    assert told.time("on_scene") == datetime.fromisoformat("2026-11-23T09:10:00+00:00")
    assert str(dict(told.vitals[0].values)["value"]) == "36.6"
    shown = (await crew.http.get(crew.path, headers=crew.headers)).json()
    assert shown["chief_complaint"] == {"display": "Chest pain"}


async def test_the_same_again_changes_nothing_and_answers_the_same(crew: Crew) -> None:
    ops = [
        op(1, "disposition", "conveyed", vector={MINE: 1}),
        op(2, "notes", {"text": "Fell"}, vector={MINE: 2}),
    ]
    first = await crew.patch(MINE, *ops)
    crew.cloud.clock.pass_(60)
    again = await crew.patch(MINE, *ops)
    assert again.json() == first.json()
    assert again.headers["etag"] == first.headers["etag"] == 'W/"2"'
    assert len(crew.record().notes) == 1


async def test_two_crews_edit_one_field_without_a_network_three_minutes_apart(crew: Crew) -> None:
    mine = op(1, "disposition", "conveyed", minutes=3, vector={MINE: 1})
    theirs = op(2, "disposition", "referred", vector={THEIRS: 1})
    await crew.tell(MINE, mine)
    answer = await crew.tell(THEIRS, theirs)
    assert (answer["applied"], lost(answer)) == ([], [(theirs["op_id"], mine["op_id"])])
    assert crew.record().value("disposition") == "conveyed"
    # Who was told, and says so by its vector, wins with what it says next, whatever its clock.
    knowing = op(3, "disposition", "refused_transport", vector={**answer["vector"], THEIRS: 2})
    assert (await crew.tell(THEIRS, knowing))["applied"] == [knowing["op_id"]]
    assert crew.record().value("disposition") == "refused_transport"


async def test_who_loses_later_hears_of_it_until_they_show_that_they_know(crew: Crew) -> None:
    early = op(1, "disposition", "conveyed", vector={MINE: 1})
    late = op(2, "disposition", "referred", minutes=2, vector={THEIRS: 1})
    await crew.tell(MINE, early)
    crew.cloud.clock.pass_(60)
    await crew.tell(THEIRS, late)
    heard = await crew.tell(MINE, op(3, "acuity", "critical", vector={MINE: 2}))
    assert lost(heard) == [(early["op_id"], late["op_id"])]
    again = await crew.tell(MINE, op(4, "acuity", "emergent", vector={MINE: 3}))
    assert lost(again) == [(early["op_id"], late["op_id"])]
    known = await crew.tell(MINE, op(5, "acuity", "emergent", vector={**again["vector"], MINE: 4}))
    assert known["superseded"] == []
    listed = await crew.changes(MINE, since=(START + timedelta(seconds=30)).isoformat())
    assert (early["op_id"], late["op_id"]) in lost(listed)
    assert listed["version"] == known["version"]


async def test_what_was_lost_is_listed_page_by_page(crew: Crew) -> None:
    for number in range(1, 6):
        crew.cloud.clock.pass_(1)
        word = "conveyed" if number % 2 else "referred"
        await crew.tell(MINE, op(number, "disposition", word, vector={MINE: number}))
    found: list[tuple[str, str]] = []
    cursor: Json = {}
    while True:
        page = await crew.changes(MINE, limit=3, **cursor)
        found += lost(page)
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    ids = [op(number, "", 0, vector={})["op_id"] for number in range(1, 6)]
    assert sorted(found) == sorted((one, ids[4]) for one in ids[:4])
    nobody = await crew.changes("tablet-of-nobody")
    assert nobody["superseded"] == []
    future = await crew.changes(MINE, since=(START + timedelta(days=1)).isoformat())
    assert future["superseded"] == []


async def test_an_entry_is_corrected_and_taken_back_by_name(crew: Crew) -> None:
    drug: Json = {"code": "Aspirin", "dose": 300, "unit": "mg", "route": "PO"}
    given = op(1, "medications", drug, vector={MINE: 1})
    wrong = op(2, "medications", {**drug, "dose": 75}, vector={MINE: 2})
    await crew.tell(MINE, given, wrong)
    mended = op(3, f"medications/{wrong['op_id']}", {**drug, "dose": 30}, vector={MINE: 3})
    back = op(4, f"medications/{wrong['op_id']}", {"taken_back": True}, vector={MINE: 4})
    answer = await crew.tell(MINE, mended)
    assert lost(answer) == []
    assert [str(one.dose) for one in crew.record().medications] == ["300", "30"]
    assert lost(await crew.tell(MINE, back)) == []
    assert [str(one.dose) for one in crew.record().medications] == ["300"]
    everything = await crew.changes(MINE)
    assert sorted(lost(everything)) == sorted(
        (one["op_id"], back["op_id"]) for one in (wrong, mended)
    )


async def test_what_the_vehicle_recorded_is_corrected_like_everything_else(crew: Crew) -> None:
    recorded = event("drug", details=(("drug", "Morphine"), ("dose", "10 mg")))
    send(crew.cloud, recorded)
    mended = op(
        1,
        f"medications/{recorded.event_id}",
        {"code": "Morphine", "dose": 2.5, "unit": "mg"},
        vector={MINE: 1},
    )
    answer = await crew.tell(MINE, mended)
    (found,) = crew.record().medications
    assert (str(found.dose), found.item_id) == ("2.5", recorded.event_id)
    assert crew.cloud.mine.gateway_id in answer["vector"]
    later = event("patient_details", seconds=600, details=(("sex", "male"),))
    await crew.tell(MINE, op(2, "patient.sex", "female", vector={MINE: 2}))
    send(crew.cloud, later)
    heard = await crew.tell(MINE, op(3, "acuity", "critical", vector={MINE: 3}))
    assert [one["path"] for one in heard["superseded"]] == ["patient.sex"]
    assert crew.record().value("patient.sex") == "male"


async def test_an_op_id_with_other_content_is_a_conflict_and_kept(crew: Crew) -> None:
    first = op(1, "narrative", "Found on the stairs", vector={MINE: 1})
    await crew.tell(MINE, first)
    other = {**first, "value": "Found in the garden"}
    answer = await crew.tell(MINE, other, first)
    assert answer["conflicts"] == [{"op_id": first["op_id"], "reason": "op_id_reused"}]
    assert (answer["applied"], answer["version"]) == ([], 2)
    assert await crew.tell(MINE, other, first) == answer
    assert crew.record().value("narrative") == "Found on the stairs"
    listed = await crew.changes(MINE)
    assert (listed["superseded"], listed["conflicts"]) == ([], answer["conflicts"])


async def test_an_op_id_of_another_encounter_is_a_conflict(crew: Crew) -> None:
    told = op(1, "narrative", "One", vector={MINE: 1})
    await crew.tell(MINE, told)
    crew.encounter = open_encounter(crew.cloud, incident="INC-2")
    answer = await crew.tell(MINE, told)
    assert [one["op_id"] for one in answer["conflicts"]] == [told["op_id"]]
    assert crew.record().value("narrative") is None


def given(ops: Sequence[Json]) -> list[Given]:
    return [
        Given(
            op_id=UUID(one["op_id"]),
            path=one["path"],
            value=one["value"],
            at=datetime.fromisoformat(one["at"]),
            vector=one["vector"],
        )
        for one in ops
    ]


def tell(cloud: Installation, encounter: str, device: str, ops: Sequence[Json]) -> None:
    with cloud.database.begin(now=cloud.clock()) as work:
        wanted = Change(device_id=device, given=given(ops), by="me")
        changing.change(work, cloud.mine.caller, encounter, wanted)


def test_any_order_and_any_batches_give_the_same_record(cloud: Installation) -> None:
    """Each round sends the same two devices' operations in another order, cut in other places."""
    seen = []
    for number in range(5):
        encounter = open_encounter(cloud, incident=f"INC-{number}")
        of = uuid5(ROOT, encounter)
        note = str(uuid5(of, "1"))
        ops = [
            (MINE, op(1, "notes", {"text": "Fell"}, vector={MINE: 1}, of=of)),
            (MINE, op(2, "disposition", "conveyed", minutes=10, vector={MINE: 2}, of=of)),
            (THEIRS, op(3, f"notes/{note}", {"text": "Slid"}, vector={THEIRS: 1}, of=of)),
            (THEIRS, op(4, "disposition", "referred", minutes=1, vector={MINE: 2, THEIRS: 2},
                        of=of)),
            ("third", op(5, "disposition", "no_patient_found", minutes=5, vector={"third": 1},
                         of=of)),
            ("third", op(6, f"notes/{note}", {"taken_back": True}, minutes=-1,
                         vector={"third": 2}, of=of)),
        ]  # fmt: skip
        order = random.Random(number)  # noqa: S311 - an order to try, no secret
        order.shuffle(ops)
        while ops:
            device = ops[0][0]
            size = order.randint(1, 3)
            mine = [one for one in ops[:size] if one[0] == device]
            tell(cloud, encounter, device, [one for _, one in mine])
            ops = [one for one in ops if one not in mine]
        with cloud.database.reading(now=cloud.clock()) as work:
            caller = cloud.mine.caller
            told = record_of(work, caller, find(work, caller, encounter))
            rows = work.session.scalars(
                select(EncounterOpRow).where(EncounterOpRow.encounter_id == encounter)
            )
            outcomes = sorted((str(one.value), one.outcome) for one in rows)
            notes = [one.text for one in told.notes]
            seen.append((told.value("disposition"), notes, outcomes))
    assert seen[0][:2] == ("no_patient_found", ["Slid"])
    assert [outcome for _, outcome in seen[0][2]].count("applied") == 2
    assert seen == [seen[0]] * 5


def test_two_devices_racing_lose_nothing(cloud: Installation) -> None:
    encounter = open_encounter(cloud)
    start = threading.Barrier(2)

    def race(device: str, first: int) -> None:
        start.wait()
        for number in range(first, first + 8):
            note = op(number, "notes", {"text": f"{number}"}, vector={device: number})
            both = op(
                number + 100, "disposition", "conveyed", minutes=number, vector={device: number}
            )
            tell(cloud, encounter, device, [note, both])

    threads = [
        threading.Thread(target=race, args=(MINE, 1)),
        threading.Thread(target=race, args=(THEIRS, 51)),
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    with cloud.database.reading(now=cloud.clock()) as work:
        caller = cloud.mine.caller
        row = find(work, caller, encounter)
        told = record_of(work, caller, row)
        assert {one.text for one in told.notes} == {
            str(number) for number in (*range(1, 9), *range(51, 59))
        }
        assert told.fields["disposition"].op_id == uuid5(ROOT, "158")
        assert row.version == 17
