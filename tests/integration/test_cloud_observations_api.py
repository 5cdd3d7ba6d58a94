"""Observations over HTTP, to the letter of the contract."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cloud.core.encounters import handing_over
from tests.fixtures.api_session import Session, reading
from tests.fixtures.cloud import (
    VEHICLE,
    Installation,
)

pytestmark = pytest.mark.long_on_postgresql


@pytest.fixture
async def embedded_my(embedded: Installation) -> AsyncIterator[Session]:
    async with embedded.client() as client:
        yield Session(embedded, client, await embedded.headers(client))


@pytest.fixture
async def my(cloud: Installation) -> AsyncIterator[Session]:
    async with cloud.client() as client:
        yield Session(cloud, client, await cloud.headers(client))


async def test_digits_come_back_as_they_were_sent(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}/observations"
    for number, digits in enumerate(("97.50", "97", "0.0", "100", "1E+1", "36.600000000000000001")):
        sent = await my.post_text(
            path,
            f'{{"mdc_code":"150456","value":{digits},"unit_code":"%","sequence":{number}}}',
        )
        assert sent.status_code == 201, sent.text
        assert f'"value":{digits},' in sent.text
    listed = await my.get(path)
    assert '"value":36.600000000000000001,' in listed.text


async def test_a_reading_answers_with_what_the_contract_names(my: Session) -> None:
    encounter_id = await my.encounter()
    device_id = await my.enrol()
    response = await my.post(
        f"/api/v1/devices/{device_id}/observations",
        reading(encounter_id=encounter_id, observed_at="2026-11-23T11:30:00+01:30"),
    )
    body = response.json()
    assert response.status_code == 201
    assert body["id"].startswith("obs_")
    assert (body["device_id"], body["encounter_id"]) == (device_id, encounter_id)
    assert (body["mdc_code"], body["unit_code"]) == ("MDC_PULS_OXIM_SAT_O2", "%")
    assert body["observed_at"] == "2026-11-23T10:00:00Z"
    assert body["received_at"] == "2026-11-23T10:00:00Z"
    assert body["flags"] == []


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"mdc_code": "MDC_NO_SUCH_TERM"}, "unknown_mdc_code"),
        ({"mdc_code": "4294967295"}, "unknown_mdc_code"),
        ({"mdc_code": "99999999999"}, "unknown_mdc_code"),
        ({"unit_code": "bpm"}, "unit_mismatch"),
        ({"unit_code": "/min"}, "unit_mismatch"),
        ({"unit_code": "furlong"}, "unit_mismatch"),
        ({"observed_at": "2026-11-23T10:05:01Z"}, "observed_at_ahead"),
        ({"observed_at": "2026-11-23T10:00:00"}, "invalid_request"),
        ({"observed_at": "yesterday"}, "invalid_request"),
        ({"observed_at": "0001-01-01T00:00:00+14:00"}, "invalid_request"),
        ({"observed_at": "1970-01-01T00:00:00Z"}, "invalid_request"),
        ({"observed_at": "9999-12-31T23:59:59-14:00"}, "invalid_request"),
        ({"observed_at": "2026-11-23T10:00:00+14:30"}, "invalid_request"),
        ({"observed_at": "2026-11-23T10:00:60Z"}, "invalid_request"),
        ({"observed_at": 1700000000}, "invalid_request"),
        ({"value": "97"}, "invalid_request"),
        ({"value": True}, "invalid_request"),
        ({"value": None}, "invalid_request"),
        ({"value": "drop", "unit_code": "drop"}, "invalid_request"),
        ({"sequence": -1}, "invalid_request"),
        ({"sequence": 1.0}, "invalid_request"),
        ({"sequence": "1"}, "invalid_request"),
        ({"status": "great"}, "invalid_request"),
        ({"tenant_id": "ten_other"}, "invalid_request"),
        ({"id": "obs_mine"}, "invalid_request"),
        ({"components": [{"mdc_code": "150021", "value": 1}]}, "invalid_request"),
    ],
)
async def test_a_wrong_reading_is_refused_by_its_reason_and_nothing_is_stored(
    embedded_my: Session, changes: dict[str, Any], reason: str
) -> None:
    my = embedded_my
    device_id = await my.enrol()
    response = await my.post(f"/api/v1/devices/{device_id}/observations", reading(**changes))
    assert (response.status_code, response.json()["error"]) == (422, reason)
    assert my.cloud.rows() == (0, 0)


async def test_a_misspelled_unit_is_told_the_ucum_code(my: Session) -> None:
    device_id = await my.enrol()
    for spelled, meant, code in (("bpm", "/min", "147842"), ("mmHg", "mm[Hg]", "150021")):
        response = await my.post(
            f"/api/v1/devices/{device_id}/observations",
            reading(mdc_code=code, unit_code=spelled),
        )
        assert response.json()["details"]["did_you_mean"] == meant
        assert meant in response.json()["message"]


async def test_no_unit_is_suggested_that_would_be_refused_as_well(my: Session) -> None:
    device_id = await my.enrol()
    wrong = reading(mdc_code="MDC_PULS_OXIM_SAT_O2", unit_code="bpm")
    response = await my.post(f"/api/v1/devices/{device_id}/observations", wrong)
    assert response.json()["details"] == {"allowed": ["%"]}


async def test_beats_and_breaths_a_minute_are_taken_as_rates(my: Session) -> None:
    device_id = await my.enrol()
    for code, unit in (("147842", "{beat}/min"), ("151562", "{breath}/min")):
        response = await my.post(
            f"/api/v1/devices/{device_id}/observations", reading(mdc_code=code, unit_code=unit)
        )
        assert (response.status_code, response.json()["unit_code"]) == (201, "/min")


@pytest.mark.parametrize(
    ("code", "value", "unit", "flags"),
    [
        ("147842", 900, "/min", ["implausible"]),
        ("150456", 130, "%", ["implausible"]),
        ("150021", 45, "kPa", ["implausible"]),
        ("150021", 16, "kPa", []),
        ("150364", 36.6, "Cel", []),
    ],
)
async def test_values_beyond_physiology_are_stored_and_flagged(
    my: Session, code: str, value: float, unit: str, flags: list[str]
) -> None:
    device_id = await my.enrol()
    response = await my.post(
        f"/api/v1/devices/{device_id}/observations",
        reading(mdc_code=code, value=value, unit_code=unit),
    )
    assert (response.status_code, response.json()["flags"]) == (201, flags)


async def test_a_code_may_be_its_number(my: Session) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations"
    taken = await my.post(path, reading(mdc_code=150456))
    assert (taken.status_code, taken.json()["mdc_code"]) == (201, "MDC_PULS_OXIM_SAT_O2")
    for wrong in (150456.0, True, -1, 2**40):
        assert (await my.post(path, reading(mdc_code=wrong))).status_code == 422


async def test_one_sequence_of_a_device_is_one_reading(my: Session) -> None:
    device_id, other = await my.enrol(), await my.enrol(serial_number="S-2")
    path = f"/api/v1/devices/{device_id}/observations"
    first = await my.post(path, reading(sequence=7))
    again = [await my.post(path, reading(sequence=7, value=50)) for _ in range(3)]
    assert first.status_code == 201
    assert [(one.status_code, one.json()["id"]) for one in again] == [(200, first.json()["id"])] * 3
    assert again[0].json()["value"] == 97
    elsewhere = await my.post(f"/api/v1/devices/{other}/observations", reading(sequence=7))
    assert elsewhere.status_code == 201


async def test_the_same_timed_reading_again_is_one_reading(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}/observations"
    timed = reading(observed_at="2026-11-23T09:59:00Z")
    answers = [(await my.post(path, timed)).status_code for _ in range(3)]
    assert answers == [201, 200, 200]
    assert (await my.post(path, {**timed, "value": 96})).status_code == 201
    assert [(await my.post(path, reading())).status_code for _ in range(2)] == [201, 201]


async def test_parallel_repeats_store_one_row(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}/observations"
    answers = await asyncio.gather(*(my.post(path, reading(sequence=1)) for _ in range(12)))
    assert sorted(one.status_code for one in answers) == [200] * 11 + [201]
    assert my.cloud.rows() == (1, 0)


async def test_several_values_are_one_observation(my: Session) -> None:
    device_id = await my.enrol(device_class="bp")
    response = await my.post(
        f"/api/v1/devices/{device_id}/observations",
        {
            "mdc_code": "MDC_PRESS_BLD_NONINV",
            "components": [
                {"mdc_code": "MDC_PRESS_BLD_NONINV_SYS", "value": 120, "unit_code": "mm[Hg]"},
                {"mdc_code": "MDC_PRESS_BLD_NONINV_DIA", "value": 80, "unit_code": "mm[Hg]"},
            ],
        },
    )
    body = response.json()
    assert (response.status_code, body["kind"]) == (201, "compound")
    assert [(one["mdc_code"], one["value"]) for one in body["components"]] == [
        ("MDC_PRESS_BLD_NONINV_SYS", 120),
        ("MDC_PRESS_BLD_NONINV_DIA", 80),
    ]


@pytest.mark.parametrize(
    ("panel", "parts", "value"),
    [
        ("MDC_PRESS_BLD_NONINV", ["MDC_PRESS_BLD_NONINV_SYS", "MDC_PRESS_BLD_NONINV_SYS"], None),
        ("MDC_PRESS_BLD_NONINV", ["MDC_PRESS_BLD_NONINV_SYS", "MDC_PRESS_BLD_ART_DIA"], None),
        ("MDC_PRESS_BLD_NONINV", ["MDC_PRESS_BLD_NONINV"], None),
        ("MDC_PRESS_BLD_NONINV", ["MDC_PRESS_BLD_NONINV_SYS"], 120),
        ("MDC_PULS_OXIM_SAT_O2", ["MDC_PRESS_BLD_NONINV_SYS"], None),
    ],
)
async def test_components_that_make_no_sense_together_are_refused(
    embedded_my: Session, panel: str, parts: list[str], value: int | None
) -> None:
    my = embedded_my
    body: dict[str, Any] = {
        "mdc_code": panel,
        "components": [{"mdc_code": one, "value": 120, "unit_code": "mm[Hg]"} for one in parts],
    }
    if value is not None:
        body |= {"value": value, "unit_code": "mm[Hg]"}
    response = await my.post(f"/api/v1/devices/{await my.enrol()}/observations", body)
    assert (response.status_code, response.json()["error"]) == (422, "invalid_components")
    if "NONINV" in panel:
        assert "MDC_PRESS_BLD_NONINV_DIA" in response.json()["details"]["allowed"]
    assert my.cloud.rows() == (0, 0)


async def test_a_reading_for_an_encounter_that_is_handed_over_is_late(my: Session) -> None:
    encounter_id, device_id = await my.encounter(), await my.enrol()
    with my.cloud.database.begin(now=my.cloud.clock()) as work:
        handing_over.hand_over(
            work, my.cloud.mine.caller, encounter_id, facility_id="ED", received_by="N"
        )
    response = await my.post(
        f"/api/v1/devices/{device_id}/observations", reading(encounter_id=encounter_id)
    )
    assert (response.status_code, response.json()["flags"]) == (201, ["late"])


async def test_the_encounter_of_another_organisation_is_not_found(my: Session) -> None:
    device_id = await my.enrol()
    strangers = await my.cloud.strangers_headers(my.http)
    theirs = await my.http.post(
        "/api/v1/epcr/encounters",
        json={
            "care_model": "prehospital_emergency",
            "vehicle_id": VEHICLE,
            "crew_ids": [],
            "cad_incident_id": "X",
        },
        headers=strangers,
    )
    for encounter_id in (theirs.json()["id"], "enc_absent"):
        response = await my.post(
            f"/api/v1/devices/{device_id}/observations", reading(encounter_id=encounter_id)
        )
        assert (response.status_code, response.json()["error"]) == (404, "encounter_not_found")


async def test_a_reading_without_an_encounter_joins_its_vehicles(my: Session) -> None:
    device_id = await my.enrol()
    encounter_id = await my.encounter()
    response = await my.post(f"/api/v1/devices/{device_id}/observations", reading())
    assert response.json()["encounter_id"] == encounter_id


async def test_a_series_is_paged_and_filtered(my: Session) -> None:
    device_id = await my.enrol()
    path = f"/api/v1/devices/{device_id}/observations"
    for second in range(7):
        code = "150456" if second % 2 else "149530"
        unit = "%" if second % 2 else "/min"
        await my.post(
            path,
            reading(mdc_code=code, unit_code=unit, observed_at=f"2026-11-23T09:59:0{second}Z"),
        )
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = await my.get(path, limit=3, **({"cursor": cursor} if cursor else {}))
        seen += [one["observed_at"] for one in page.json()["observations"]]
        cursor = page.json()["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"2026-11-23T09:59:0{second}Z" for second in range(7)]
    since = await my.get(path, since="2026-11-23T10:59:04+01:00")
    assert len(since.json()["observations"]) == 3
    typed = await my.get(path, mdc_code="MDC_PULS_OXIM_SAT_O2")
    assert len(typed.json()["observations"]) == 3
    for wrong in ({"since": "2026-11-23"}, {"limit": 0}, {"limit": 1000}, {"mdc_code": "X"}):
        assert (await my.get(path, **wrong)).status_code == 422


async def test_an_idempotency_key_gives_the_same_answer_again(my: Session) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations"
    first = await my.post(path, reading(), **{"Idempotency-Key": "k1"})
    same = await my.post(path, reading(), **{"Idempotency-Key": "k1"})
    other = await my.post(path, reading(value=50), **{"Idempotency-Key": "k1"})
    assert first.content == same.content == other.content
    assert (first.status_code, same.status_code, other.status_code) == (201, 201, 201)
    assert same.headers["idempotency-replayed"] == "true"
    assert "idempotency-payload-mismatch" not in same.headers
    assert other.headers["idempotency-payload-mismatch"] == "true"
    assert my.cloud.rows() == (1, 0)
    too_long = await my.post(path, reading(), **{"Idempotency-Key": "k" * 256})
    assert (too_long.status_code, too_long.json()["error"]) == (400, "invalid_idempotency_key")
    my.cloud.clock.pass_(24 * 3600 + 1)
    headers = await my.cloud.headers(my.http)
    fresh = await my.http.post(path, json=reading(), headers={**headers, "Idempotency-Key": "k1"})
    assert fresh.status_code == 201
    assert fresh.content != first.content


async def test_parallel_posts_with_one_key_create_one_thing(my: Session) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations"
    answers = await asyncio.gather(
        *(my.post(path, reading(), **{"Idempotency-Key": "k2"}) for _ in range(8))
    )
    assert len({one.content for one in answers}) == 1
    assert my.cloud.rows() == (1, 0)


async def test_a_refused_post_leaves_its_key_free(my: Session) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations"
    refused = await my.post(path, reading(unit_code="bpm"), **{"Idempotency-Key": "k3"})
    taken = await my.post(path, reading(), **{"Idempotency-Key": "k3"})
    assert (refused.status_code, taken.status_code) == (422, 201)
