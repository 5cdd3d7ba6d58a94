"""What the device guides ask for, asserted: no tool at hand validates their profiles.

Personal health devices (HL7 PHD: PhdDevice, PhgDevice, PhdNumericObservation and its sisters) and
point-of-care monitors (PoCD: MdsDevice, DeviceMetric), as far as their rules can be read off a
bundle. This is assertion, not validation, and our documents say so.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cloud.core.encounters.handover import Handover
from cloud.fhir import systems
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.json import dumps, loads
from cloud.fhir.selection import Detail
from tests.fixtures.handovers import arrest_handover, twelve_leads
from tests.fixtures.records import at

Json = Any
"""Parsed JSON of any shape."""


def monitored() -> Handover:
    """The arrest with a 12-lead ECG, its ECG device a monitor of several parameters."""
    arrest = arrest_handover(60)
    devices = [
        replace(one, device_class="multiparameter") if one.device_class == "ecg" else one
        for one in arrest.devices
    ]
    readings = [*arrest.observations, *twelve_leads(at(0.5))]
    return replace(arrest, devices=devices, observations=readings)


@pytest.fixture(scope="module")
def bundle() -> Json:
    return loads(dumps(HandoverPages(monitored(), detail=Detail.FULL).bundle()))


@pytest.fixture(scope="module")
def by_url(bundle: Json) -> dict[str, Json]:
    return {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}


@pytest.fixture(scope="module")
def measured(bundle: Json) -> list[Json]:
    """Every observation a device made, the clocks aside."""
    return [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Observation"
        and {"device", "encounter"} <= set(entry["resource"])
    ]


def codings(concept: Json, system: str) -> list[str]:
    return [one["code"] for one in concept.get("coding", []) if one["system"] == system]


def test_every_reading_is_identified_timed_and_of_a_subject(measured: list[Json]) -> None:
    assert len(measured) > 200
    for one in measured:
        assert one["identifier"]
        assert one["status"] in ("final", "preliminary")
        assert {"subject", "encounter", "device", "category"} <= set(one)
        assert any(name.lstrip("_").startswith("effective") for name in one)


def test_every_code_has_one_term_of_10101_or_says_it_has_none(measured: list[Json]) -> None:
    for one in measured:
        own = codings(one["code"], systems.MDC) or codings(one["code"], systems.PRIVATE_TERMS)
        assert len(own) == 1
        assert int(own[0]) >> 16


def test_the_gateway_stands_in_its_extension(measured: list[Json], by_url: dict[str, Json]) -> None:
    for one in measured:
        (extension,) = one["extension"]
        assert extension["url"].endswith("/observation-gatewayDevice")
        gateway = by_url[extension["valueReference"]["reference"]]
        assert codings(gateway["type"], systems.MDC) == ["531981"]


def test_a_value_or_a_reason_and_never_both(measured: list[Json]) -> None:
    for one in measured:
        for part in (one, *one.get("component", [])):
            values = [name for name in part if name.startswith("value")]
            assert len(values) <= 1
            assert not (values and "dataAbsentReason" in part)


def test_quantities_are_exact_and_in_ucum(measured: list[Json]) -> None:
    for one in measured:
        for part in (one, *one.get("component", [])):
            quantity = part.get("valueQuantity")
            if quantity is not None:
                assert isinstance(quantity["value"], int | Decimal)
                assert quantity["system"] == systems.UCUM
                assert quantity["code"]


def test_samples_have_origin_period_in_milliseconds_factor_and_one_dimension(
    measured: list[Json],
) -> None:
    found = [
        part["valueSampledData"]
        for one in measured
        for part in (one, *one.get("component", []))
        if "valueSampledData" in part
    ]
    assert found
    for data in found:
        assert data["dimensions"] == 1
        assert data["origin"]["system"] == systems.UCUM
        assert {"period", "factor", "data"} <= set(data)


def test_a_personal_device_has_its_system_id_and_specializations(bundle: Json) -> None:
    devices = [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "Device"
    ]
    personal = [one for one in devices if codings(one["type"], systems.MDC) == ["65573"]]
    assert len(personal) == 3
    for one in personal:
        (system_id,) = [
            identifier
            for identifier in one["identifier"]
            if codings(identifier.get("type", {}), systems.DEVICE_IDENTIFIERS) == ["SYSID"]
        ]
        assert system_id["system"] == systems.EUI_64
        octets = system_id["value"].split("-")
        assert len(octets) == 8
        assert system_id["value"] == system_id["value"].upper()
        assert one["specialization"]
        assert {"manufacturer", "modelNumber"} <= set(one)
        assert "parent" not in one


def test_one_family_of_profiles_a_device(measured: list[Json], by_url: dict[str, Json]) -> None:
    for one in measured:
        source = by_url[one["device"]["reference"]]
        if source["resourceType"] == "DeviceMetric":
            monitor = by_url[source["source"]["reference"]]
            assert codings(monitor["type"], systems.MDC) == ["69965"]
        else:
            assert codings(source["type"], systems.MDC) == ["65573"]


def test_the_leads_of_an_ecg_are_components_under_its_own_term(measured: list[Json]) -> None:
    (ecg,) = [one for one in measured if codings(one["code"], systems.MDC) == ["131328"]]
    leads = [codings(part["code"], systems.MDC)[0] for part in ecg["component"]]
    assert leads[:3] == ["131329", "131330", "131389"]
    assert len(set(leads)) == 12
