"""Photographs over HTTPS: whole, checked, kept once, and seen by the destination alone."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from cloud.core.encounters.finding import find
from cloud.core.encounters.handing_over import hand_over
from tests.fixtures.cloud import START
from tests.fixtures.patients import FACILITY, hospital
from tests.fixtures.pictures import jpeg, png, segment
from tests.fixtures.tablets import MINE, Crew, op
from tests.integration.test_cloud_encounter_changes import crew

pytestmark = pytest.mark.long_on_postgresql

__all__ = ["crew"]
PICTURE = png()
FIRST = UUID(int=7)


def digest(octets: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(octets).digest()).decode()}:"


async def send(
    crew: Crew,
    octets: bytes = PICTURE,
    *,
    photo: UUID = FIRST,
    headers: dict[str, str] | None = None,
    **query: Any,  # noqa: ANN401 - texts and truths
) -> httpx.Response:
    return await crew.http.post(
        f"{crew.path}/photos",
        content=octets,
        params={
            "photo_id": str(photo), "device_id": MINE, "at": START.isoformat(), "by": "crew-1",
            **query,
        },
        headers={
            **crew.headers,
            "Content-Type": "image/png",
            "Content-Digest": digest(octets),
            **(headers or {}),
        },
    )  # fmt: skip


async def test_a_photograph_is_kept_once_and_is_an_entry_of_the_record(crew: Crew) -> None:
    first, again = await send(crew), await send(crew)
    assert (first.status_code, again.status_code) == (201, 200), first.text
    assert again.json() == first.json()
    assert first.json()["sha256"] == hashlib.sha256(PICTURE).hexdigest()
    (photograph,) = crew.record().photographs
    assert (photograph.item_id, photograph.by, photograph.at) == (FIRST, "crew-1", START)
    assert photograph.octets == len(PICTURE)
    shown = await crew.http.get(crew.path, headers=crew.headers)
    assert shown.json()["version"] == 2
    assert "photograph" not in shown.text


async def test_the_destination_reads_it_and_nobody_else(crew: Crew) -> None:
    located = jpeg(segment(0xE1, b"Exif\x00\x00 51.5007 N"))
    sent = await send(crew, located, headers={"Content-Type": "image/jpeg"})
    address = f"{crew.path}/attachments/{sent.json()['attachment_id']}"
    crew.headers = await crew.cloud.headers(crew.http)
    assert (await crew.http.get(address, headers=crew.headers)).status_code == 403
    with crew.cloud.database.begin(now=crew.cloud.clock()) as work:
        find(work, crew.cloud.mine.caller, crew.encounter).destination = FACILITY
    hospital(crew.cloud)
    reader = await crew.cloud.headers(crew.http, "argus:epcr:handover")
    read = await crew.http.get(address, headers=reader)
    assert (read.status_code, read.headers["content-type"]) == (200, "image/jpeg")
    assert read.headers["content-disposition"].startswith("attachment;")
    # Where it was taken stays with the camera.
    assert read.content == jpeg()


async def test_a_photograph_is_taken_back_and_then_nobody_sees_it(crew: Crew) -> None:
    await send(crew)
    taken = op(1, f"photographs/{FIRST}", {"taken_back": True}, vector={MINE: 1})
    assert (await crew.tell(MINE, taken))["applied"] == [taken["op_id"]]
    assert crew.record().photographs == ()


async def test_a_wrong_digest_type_or_file_is_refused_and_nothing_kept(crew: Crew) -> None:
    refusals = [
        (await send(crew, headers={"Content-Digest": digest(b"other")}), 422, "digest_differs"),
        (await send(crew, headers={"Content-Digest": "md5=:AA==:"}), 422, "digest_differs"),
        (
            await send(crew, headers={"Content-Digest": f"sha-256=:{'=' * 44}:"}),
            422,
            "invalid_digest",
        ),
        (await send(crew, headers={"Content-Type": "image/jpeg"}), 422, "media_type_differs"),
        (await send(crew, PICTURE + b"PK\x03\x04"), 422, "not_a_picture"),
        (await send(crew, b"<svg/>"), 422, "not_a_picture"),
        (await send(crew, headers={"Content-Type": "image/svg+xml"}), 415, None),
        (await send(crew, headers={"Content-Encoding": "gzip"}), 415, "unsupported_encoding"),
        (await send(crew, bytes(4_194_305)), 413, "body_too_large"),
        (await send(crew, at="2026-11-23"), 422, "invalid_request"),
        (await send(crew, device_id="a b"), 422, "invalid_request"),
    ]
    for response, status, reason in refusals:
        assert response.status_code == status, response.text
        assert reason is None or response.json()["error"] == reason
    assert crew.record().photographs == ()


async def test_an_id_stands_for_one_photograph(crew: Crew) -> None:
    await send(crew)
    other = await send(crew, png(width=2))
    assert (other.status_code, other.json()["error"]) == (409, "photo_id_reused")
    told = op(1, "notes", {"text": "Fell"}, vector={MINE: 1})
    await crew.tell(MINE, told)
    taken = await send(crew, photo=UUID(told["op_id"]))
    assert (taken.status_code, taken.json()["error"]) == (409, "photo_id_reused")


async def test_a_photograph_sent_after_the_handover_is_an_amendment(crew: Crew) -> None:
    with crew.cloud.database.begin(now=crew.cloud.clock()) as work:
        hand_over(
            work, crew.cloud.mine.caller, crew.encounter, facility_id="fac-1", received_by="nurse"
        )
    refused = await send(crew)
    assert (refused.status_code, refused.json()["error"]) == (409, "encounter_closed")
    assert crew.record().photographs == ()
    late = await send(crew, late="true", photo=uuid4())
    assert late.status_code == 201
    assert crew.record().acts[-1].kind == "amended"


async def test_strangers_and_readers_send_none(crew: Crew) -> None:
    crew.headers = await crew.cloud.strangers_headers(crew.http)
    assert (await send(crew)).status_code == 404
    crew.headers = await crew.cloud.headers(crew.http, "argus:epcr:read")
    assert (await send(crew)).status_code == 403


async def test_a_clock_far_ahead_is_flagged(crew: Crew) -> None:
    ahead = await send(crew, at="2026-11-23T10:11:00Z")
    assert ahead.json()["flags"] == ["clock_skew"]
