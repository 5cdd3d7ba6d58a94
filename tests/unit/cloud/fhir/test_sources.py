"""What measured and who tells: monitors by their metrics, the record by its people."""

from __future__ import annotations

from dataclasses import replace

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.document import document_bundle
from cloud.fhir.json import dumps, loads
from tests.fixtures.fhir_checks import problems
from tests.fixtures.handovers import HEART_RATE, arrest_handover, handover
from tests.fixtures.records import CREW
from tests.unit.cloud.fhir.reading import Json, bundle_of, codes, resources


def monitored() -> Handover:
    """The arrest with a monitor of several parameters instead of an ECG."""
    arrest = arrest_handover(60)
    devices = [
        replace(one, device_class="multiparameter") if one.device_class == "ecg" else one
        for one in arrest.devices
    ]
    return replace(arrest, devices=devices)


def by_url(bundle: Json) -> dict[str, Json]:
    return {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}


def test_readings_of_a_monitor_refer_to_its_metric_and_the_metric_to_the_monitor() -> None:
    bundle = bundle_of(monitored())
    assert problems(bundle) == []
    found = by_url(bundle)
    readings = [
        one
        for one in resources(bundle, "Observation")
        if (systems.MDC, str(HEART_RATE.cf_code)) in codes(one["code"])
    ]
    (metric,) = {one["device"]["reference"] for one in readings}
    assert found[metric]["resourceType"] == "DeviceMetric"
    assert codes(found[metric]["type"]) == [(systems.MDC, "147842")]
    assert codes(found[metric]["unit"]) == [(systems.MDC, "264864"), (systems.UCUM, "/min")]
    monitor = found[found[metric]["source"]["reference"]]
    assert codes(monitor["type"]) == [(systems.MDC, "69965")]


def test_other_devices_have_no_metrics() -> None:
    assert resources(bundle_of(arrest_handover(60)), "DeviceMetric") == []


def test_who_the_record_is_from_is_put_and_stands_in_documents() -> None:
    plain = bundle_of(arrest_handover(60))
    assert resources(plain, "Provenance") == []
    put = loads(dumps(HandoverPages(arrest_handover(60), puts=True).bundle()))
    assert problems(put) == []
    (entry,) = [one for one in put["entry"] if one["resource"]["resourceType"] == "Provenance"]
    name = entry["fullUrl"].removeprefix("urn:uuid:")
    assert entry["request"] == {"method": "PUT", "url": f"Provenance/{name}"}
    assert entry["resource"]["id"] == name
    kinds = [one["type"]["coding"][0]["code"] for one in entry["resource"]["agent"]]
    assert kinds == [*("author" for _ in CREW), "assembler"]
    document = loads(dumps(document_bundle(arrest_handover(60))))
    assert len(resources(document, "Provenance")) == 1


def test_without_a_crew_the_service_is_the_author() -> None:
    document = loads(dumps(document_bundle(replace(handover(), crew_ids=(), gateway_ids=()))))
    (told,) = resources(document, "Provenance")
    (agent,) = told["agent"]
    (organization,) = [
        one["fullUrl"]
        for one in document["entry"]
        if one["resource"]["resourceType"] == "Organization"
    ]
    assert agent["who"] == {"reference": organization}
