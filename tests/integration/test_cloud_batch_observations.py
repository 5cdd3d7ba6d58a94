"""Many readings at once, and waveforms, over HTTPS."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from cloud.core.encounters.gathering import gather_handover
from tests.fixtures.api_session import Session, reading
from tests.fixtures.cloud import Installation

pytestmark = pytest.mark.long_on_postgresql

ECG: dict[str, Any] = {
    "mdc_code": "MDC_ECG_ELEC_POTL_II",
    "unit_code": "mV",
    "observed_at": "2026-11-23T09:59:00Z",
    "waveform": {"samples": [0, -1, 2**31 - 1], "period_us": 4000, "scale": 0.0050},
}


@pytest.fixture
async def my(cloud: Installation) -> AsyncIterator[Session]:
    async with cloud.client() as client:
        yield Session(cloud, client, await cloud.headers(client))


def verdicts(body: dict[str, Any]) -> list[tuple[int, str | None]]:
    return [(one["status"], one.get("error")) for one in body["results"]]


async def test_each_reading_of_a_batch_has_its_own_verdict(my: Session) -> None:
    device_id, encounter = await my.enrol(), await my.encounter()
    sent = [
        reading(sequence=1),
        reading(sequence=1),
        reading(mdc_code="MDC_NO_SUCH_TERM"),
        reading(mdc_code="147842", unit_code="bpm"),
        reading(value="97"),
        reading(encounter_id="enc_absent"),
        reading(sequence=2, value=130),
        reading(observed_at="2026-11-23T10:05:01Z"),
        {"mdc_code": "150456", "value": 1, "unit_code": "%", "surprise": True},
        ECG,
    ]
    path = f"/api/v1/devices/{device_id}/observations:batch"
    answer = await my.post(path, {"observations": sent})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert verdicts(body) == [
        (201, None),
        (200, None),
        (422, "unknown_mdc_code"),
        (422, "unit_mismatch"),
        (422, "invalid_request"),
        (404, "encounter_not_found"),
        (201, None),
        (422, "observed_at_ahead"),
        (422, "invalid_request"),
        (201, None),
    ]
    assert (body["stored"], body["repeated"], body["refused"]) == (3, 1, 6)
    results = body["results"]
    assert results[0]["id"] == results[1]["id"]
    assert results[0]["encounter_id"] == encounter
    assert results[3]["details"]["did_you_mean"] == "/min"
    assert results[4]["details"]["fields"] == [{"field": "value", "rule": "value_error"}]
    assert results[6]["flags"] == ["implausible"]
    again = (await my.post(path, {"observations": sent})).json()
    assert (again["stored"], again["repeated"], again["refused"]) == (0, 4, 6)
    assert my.cloud.rows() == (2, 1)


async def test_a_batch_is_neither_empty_nor_endless(my: Session) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations:batch"
    most = [reading(sequence=one) for one in range(500)]
    for wrong in ([], [*most, reading()], [17], "many"):
        refused = await my.post(path, {"observations": wrong})
        assert (refused.status_code, refused.json()["error"]) == (422, "invalid_request")
    assert my.cloud.rows() == (0, 0)
    taken = await my.post(path, {"observations": most})
    assert taken.json()["stored"] == 500


async def test_digits_survive_a_batch(my: Session) -> None:
    device_id = await my.enrol()
    item = '{"mdc_code":"150364","value":36.60,"unit_code":"Cel"}'
    text = f'{{"observations":[{item}]}}'
    await my.post_text(f"/api/v1/devices/{device_id}/observations:batch", text)
    listed = await my.get(f"/api/v1/devices/{device_id}/observations")
    assert '"value":36.60,' in listed.text


async def test_a_waveform_is_kept_sample_by_sample(my: Session) -> None:
    device_id, encounter = await my.enrol(device_class="ecg"), await my.encounter()
    path = f"/api/v1/devices/{device_id}/observations"
    wave = {**ECG, "observed_at": "2026-11-23T10:00:00Z"}
    sent = await my.post(path, wave)
    assert sent.status_code == 201, sent.text
    body = sent.json()
    assert (body["kind"], body["encounter_id"]) == ("waveform", encounter)
    assert body["waveform"] == {
        "sample_count": 3,
        "period_us": 4000,
        "scale": 0.005,
        "offset": 0,
    }
    assert '"scale":0.0050' in (await my.post_text(path, dumped(wave))).text
    assert (await my.post(path, wave)).status_code == 200
    assert (await my.get(path)).json()["observations"] == []
    held, _ = (await my.get(path, kind="waveforms")).json()["observations"]
    assert held["waveform"]["samples"] == ECG["waveform"]["samples"]
    with my.cloud.database.begin(now=my.cloud.clock()) as work:
        handover = gather_handover(
            work, my.cloud.parts.vault, my.cloud.mine.caller, encounter, "full"
        )
    assert len(handover.observations) == 2


def dumped(wave: dict[str, Any]) -> str:
    """The same with a digit more, which is another waveform."""
    return (
        '{"mdc_code":"MDC_ECG_ELEC_POTL_II","unit_code":"mV","observed_at":"2026-11-23T10:00:01Z",'
        f'"waveform":{{"samples":{wave["waveform"]["samples"]},"period_us":4000,"scale":0.0050}}}}'
    )


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"samples": []}, "invalid_request"),
        ({"samples": [1.5]}, "invalid_request"),
        ({"samples": [2**31]}, "invalid_request"),
        ({"samples": [0] * 30_001}, "invalid_request"),
        ({"period_us": 0}, "invalid_request"),
        ({"scale": 0}, "invalid_scale"),
        ({"scale": "1"}, "invalid_request"),
        ({"period_us": 3_600_000_000}, "observed_at_ahead"),
    ],
)
async def test_a_waveform_that_cannot_be_is_refused(
    my: Session, changes: dict[str, Any], reason: str
) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations"
    waveform = {"samples": [1, 2], "period_us": 4000, **changes}
    refused = await my.post(path, {**ECG, "waveform": waveform})
    assert (refused.status_code, refused.json()["error"]) == (422, reason), refused.text
    assert my.cloud.rows() == (0, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": 1},
        {"unit_code": "drop"},
        {"components": [{"mdc_code": "150021", "value": 1, "unit_code": "mm[Hg]"}]},
        {"waveform": None},
    ],
)
async def test_a_waveform_comes_alone_with_its_unit(my: Session, changes: dict[str, Any]) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations"
    body = {name: value for name, value in {**ECG, **changes}.items() if value != "drop"}
    assert (await my.post(path, body)).status_code == 422


async def test_more_digits_than_can_be_kept_are_refused_by_name(my: Session) -> None:
    path = f"/api/v1/devices/{await my.enrol()}/observations"
    digits = "1." + "0" * 90
    text = f'{{"mdc_code":"150364","value":{digits},"unit_code":"Cel"}}'
    refused = await my.post_text(path, text)
    assert refused.status_code in (400, 422), refused.text
    assert my.cloud.rows() == (0, 0)
