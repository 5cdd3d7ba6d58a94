"""Waveforms over /fhir/R4: the leads of one ECG are one Observation, and a picture."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select

from cloud.core.devices.tables import DeviceRow
from cloud.core.encounters.uplink import record_uplink
from cloud.fhir.metric import MONITOR_CLASS
from protocols.model.codes import MdcCode
from protocols.model.observation import SampleArrayObservation
from protocols.uplink.messages import Content
from tests.fixtures.cloud import DEFIBRILLATOR, START, batch, device_info, waveform
from tests.integration.fhir_rest.conftest import Hospital, fill

pytestmark = pytest.mark.long_on_postgresql

MINUTE = timedelta(minutes=1)
LEADS = (MdcCode(2, 257), MdcCode(2, 258), MdcCode(2, 317))
PLETH = MdcCode(2, 19380)


def lead(code: MdcCode, seconds: float) -> SampleArrayObservation:
    """A second of a lead."""
    made = waveform(START + 5 * MINUTE + timedelta(seconds=seconds), count=250)
    return replace(made, type=code, observation_id=uuid4())


def record(hospital: Hospital) -> None:
    """Two recordings of three leads, 14 and 3 seconds, and a pleth beside them."""
    cloud = hospital.cloud
    seconds = [*range(14), *range(60, 63)]
    chunks = [lead(code, one) for one in seconds for code in (*LEADS, PLETH)]
    with cloud.database.begin(now=cloud.clock()) as work:
        contents: list[Content] = [device_info(DEFIBRILLATOR, serial_number="S-2"), *chunks]
        record_uplink(work, cloud.mine.gateway, batch(cloud.mine, contents))


async def test_leads_stand_together_and_each_page_sees_them_in_one_order(
    hospital: Hospital,
) -> None:
    record(hospital)
    query = f"Observation?encounter={hospital.encounter}&category=procedure&date=ge2026-11-23T10:05"
    whole = await hospital.search(query)
    together = [one for one in whole if "component" in one]
    assert [len(one["component"]) for one in together] == [3, 3, 3]
    assert len(whole) == 6
    for sort in ("", "&_sort=date", "&_sort=-date"):
        plain = [one["id"] for one in await hospital.search(query + sort)]
        paged = [one["id"] for one in await hospital.search(f"{query}{sort}&_count=2")]
        assert paged == plain
        assert sorted(plain) == sorted(one["id"] for one in whole)
    for one in whole:
        assert await hospital.read(f"Observation/{one['id']}") == one
        assert [found["id"] for found in await hospital.search(f"Observation?_id={one['id']}")] == [
            one["id"]
        ]
    ecg = await hospital.search(f"{query}&code=urn:iso:std:iso:11073:10101|131328")
    assert [one["id"] for one in ecg] == [one["id"] for one in together]
    pleth = await hospital.search(f"{query}&code=urn:iso:std:iso:11073:10101|150452")
    assert len(pleth) == 3


async def test_each_recording_is_a_picture(small: Hospital) -> None:
    record(small)
    pictures = await small.search(f"DocumentReference?encounter={small.encounter}&_sort=date")
    assert [one["date"] for one in pictures] == [
        "2026-11-23T10:05:00.000Z",
        "2026-11-23T10:06:00.000Z",
    ]
    for one in pictures:
        attachment = one["content"][0]["attachment"]
        assert attachment["contentType"] == "image/svg+xml"
        assert b"<svg" in base64.b64decode(attachment["data"])
        assert await small.read(f"DocumentReference/{one['id']}") == one
        related = one["context"]["related"][0]["reference"]
        assert (await small.read(related))["effectivePeriod"]["start"] == one["date"]
    assert await small.search("DocumentReference?contenttype=image/png") == []
    fill(small.cloud, small.cloud.mine, incident="INC-2")


async def test_the_report_leads_to_what_is_served_and_acts_are_told(small: Hospital) -> None:
    record(small)
    report = await small.read(f"Composition/{small.encounter}")
    entries = [one["reference"] for part in report["section"] for one in part.get("entry", [])]
    assert len(entries) > 5
    for reference in [*entries, report["subject"]["reference"], report["author"][0]["reference"]]:
        await small.read(reference)
    (found,) = await small.search(f"Composition?encounter={small.encounter}&status=preliminary")
    assert found == report
    acts = await small.search(f"Provenance?target=Encounter/{small.encounter}")
    assert sorted(one.get("activity", {}).get("text", "") for one in acts) == ["", "created"]
    for one in acts:
        assert await small.read(f"Provenance/{one['id']}") == one
    bundle = await small.read(f"Encounter?_id={small.encounter}&_revinclude=Provenance:target")
    assert [one["search"]["mode"] for one in bundle["entry"]] == ["match", "include", "include"]


async def test_a_monitor_is_told_by_its_metrics(small: Hospital) -> None:
    record(small)
    with small.cloud.database.begin(now=small.cloud.clock()) as work:
        for row in work.session.scalars(select(DeviceRow)):
            row.device_class = MONITOR_CLASS
    readings = await small.search(f"Observation?encounter={small.encounter}")
    names = {one["device"]["reference"] for one in readings if "device" in one}
    assert {name.partition("/")[0] for name in names} == {"DeviceMetric"}
    metrics = [await small.read(name) for name in sorted(names)]
    source = metrics[0]["source"]["reference"]
    found = await small.search(f"DeviceMetric?source={source}&_count=1")
    mine = [one for one in metrics if one["source"]["reference"] == source]
    assert mine
    assert all(one in found for one in mine)
    assert len(await small.search("DeviceMetric")) >= len(names)
    own = await small.search(f"Observation?encounter={small.encounter}&device={source}")
    assert 0 < len(own) < len(readings)
    for absent in ("m-x.1", f"m-{'0' * 32}.150456", "m-" + "0" * 32):
        assert (await small.get(f"DeviceMetric/{absent}")).status_code == 404
