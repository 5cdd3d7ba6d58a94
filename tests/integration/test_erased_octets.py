"""What was erased stands in no file any more: not in free pages, not in the log of changes.

The files are read octet by octet while the service is still running on them.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from cloud.core.retention import erasing
from cloud.core.retention.policies import STANDARD
from cloud.worker.retention import sweep_all
from tests.fixtures.administration import administrator
from tests.fixtures.cloud import Installation
from tests.fixtures.patients import open_encounter
from tests.fixtures.pictures import jpeg
from tests.fixtures.tablets import MINE, Crew, op
from tests.integration.test_cloud_photographs import send

WHY = "asked by the person"
JPEG = {"Content-Type": "image/jpeg"}
COUNT = 6


def mark(number: int) -> bytes:
    """What is in everything that is told of one encounter, and of no other."""
    return b"canal-bridge-%03d" % number


def noise(number: int, parts: int) -> bytes:
    """More than a page of what looks like anything, with the mark all over it."""
    digests = (hashlib.sha256(b"%d/%d" % (number, part)).hexdigest() for part in range(parts))
    return b"".join(mark(number) + one.encode() for one in digests)


async def fill(crew: Crew, number: int) -> None:
    """Tell all that is told of one encounter, and end it."""
    words = mark(number).decode()
    await crew.tell(
        MINE,
        op(number * 9 + 1, "chief_complaint", {"display": f"Fell off {words}"}, vector={MINE: 1}),
        op(number * 9 + 2, "narrative", noise(number, 100).decode(), vector={MINE: 2}),
    )
    crew.extra = {"Idempotency-Key": f"k-{number}"}
    for act, body in (
        ("patient", {"family_name": f"Of {words}"}),
        ("pre-alert", {"facility_id": "RX1", "eta": "2026-11-23T10:20:00Z", "summary": words}),
    ):
        headers = {**crew.headers, **crew.extra}
        told = await crew.http.post(f"{crew.path}/{act}", json=body, headers=headers)
        assert told.status_code == 200, told.text
    picture = jpeg(scan=noise(number, 300))
    sent = await send(crew, picture, photo=UUID(int=number + 1), headers=JPEG)
    assert sent.status_code == 201, sent.text
    gone = {"reason": f"Nobody at {words}"}
    ended = await crew.http.post(f"{crew.path}/cancel", json=gone, headers=crew.headers)
    assert ended.status_code == 200, ended.text


async def filled(cloud: Installation, crew: Crew) -> list[str]:
    """Encounters between whose rows nothing is in order."""
    made = []
    for number in range(COUNT):
        crew.encounter, crew.extra = open_encounter(cloud, f"INC-{number}"), {}
        await fill(crew, number)
        made.append(crew.encounter)
    return made


def found(folder: Path, number: int) -> int:
    """How often an encounter's mark stands in the files of a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return sum(path.read_bytes().count(mark(number)) for path in files)


async def test_what_was_erased_is_in_no_file_of_the_folder(embedded: Installation) -> None:
    folder = embedded.parts.settings.data
    async with embedded.client() as client:
        crew = Crew(embedded, client, await embedded.headers(client), "")
        made = await filled(embedded, crew)
        assert all(found(folder, number) > 400 for number in range(COUNT))
        admin = await administrator(embedded, client)
        for number in (0, 3, COUNT - 1):
            body = {"encounter_id": made[number], "reason": WHY}
            gone = await admin.ask("POST", "/v1/platform/erasures", body)
            assert gone.status_code == 200, gone.text
            assert found(folder, number) == 0
            left = await crew.http.get(
                f"/api/v1/epcr/encounters/{made[number]}", headers=crew.headers
            )
            assert left.status_code == 410
        assert found(folder, 1) > 400


async def test_words_that_somebody_still_reads_are_cleared_away_later(
    embedded: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    folder = embedded.parts.settings.data
    async with embedded.client() as client:
        crew = Crew(embedded, client, await embedded.headers(client), "")
        crew.encounter = open_encounter(embedded)
        await fill(crew, 1)
    with embedded.database.reading(now=embedded.clock()) as slow:
        slow.session.execute(text("SELECT count(*) FROM encounters"))
        with embedded.database.begin(now=embedded.clock()) as work:
            erasing.erase_encounter(work, embedded.mine.caller, crew.encounter, reason=WHY)
        assert "erased_words_in_log" in caplog.text
        assert found(folder, 1) > 0
    sweep_all(embedded.database, embedded.clock, STANDARD)
    assert found(folder, 1) == 0
