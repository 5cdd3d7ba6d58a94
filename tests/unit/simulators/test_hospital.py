"""The hospital's reading of a bundle, and the cloud's own answers, as the ledger wants them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from protocols.model.codes import MdcCode
from simulators.incident.hospital import EUI_64, MDC, read_bundle
from simulators.incident.stored_readings import live_counts, reading_of, text_of
from simulators.journal import MadeReading
from simulators.value_texts import samples_text

SYSTEM_ID = "0A4D5600000000A1"
IDENTITY = UUID(int=7)
LEAD_II = 131330


def concept(code: int, system: str = MDC) -> dict[str, Any]:
    return {"coding": [{"system": "http://loinc.org", "code": "1-2"}, mdc(code, system)]}


def mdc(code: int, system: str = MDC) -> dict[str, Any]:
    return {"system": system, "code": str(code)}


def quantity(value: object, code: str) -> dict[str, Any]:
    return {"value": value, "unit": code, "code": code}


def bundle(*observations: dict[str, Any]) -> dict[str, Any]:
    device = {
        "resourceType": "Device",
        "identifier": [{"system": EUI_64, "value": "0A-4D-56-00-00-00-00-A1"}],
    }
    entries = [{"fullUrl": "urn:uuid:device", "resource": device}]
    for one in observations:
        resource = {
            "resourceType": "Observation",
            "identifier": [{"value": str(IDENTITY)}],
            "device": {"reference": "urn:uuid:device"},
            **one,
        }
        entries.append({"fullUrl": "urn:uuid:x", "resource": resource})
    return {"resourceType": "Bundle", "entry": entries}


def strip(start: str, samples: list[int]) -> dict[str, Any]:
    return {
        "code": concept(LEAD_II),
        "effectivePeriod": {"start": start},
        "valueSampledData": {
            "origin": quantity(Decimal("-10.000"), "mV"),
            "period": 5,
            "factor": Decimal("0.005"),
            "dimensions": 1,
            "data": " ".join(map(str, samples)),
        },
    }


def stretch(number: int, samples: list[int]) -> MadeReading:
    return MadeReading(
        observation_id=UUID(int=number),
        type=MdcCode(2, 258),
        device_time="",
        value=samples_text(
            samples, scale=Decimal("0.005"), offset=Decimal(-10), period_us=5000, unit="mV"
        ),
        live=True,
        samples=len(samples),
        made_at=datetime(2026, 3, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("resource", "text"),
    [
        ({"valueQuantity": quantity(Decimal("36.60"), "Cel")}, "36.60 Cel"),
        ({"valueQuantity": quantity(97, "%")}, "97 %"),
        ({"dataAbsentReason": {"coding": [{"code": "not-a-number"}]}}, "NaN"),
        ({"valueCodeableConcept": concept(199806)}, "code 199806"),
        (
            {"valueCodeableConcept": concept(192529, "urn:oid:2.25.1.3.1")},
            "code 192529",
        ),
        ({"valueString": "Self-test passed"}, "Self-test passed"),
        ({"valueString": "0x4000 (16 bits)"}, "bits 0x4000"),
        (
            {
                "component": [
                    {"code": concept(150021), "valueQuantity": quantity(123, "mm[Hg]")},
                    {
                        "code": concept(150022),
                        "dataAbsentReason": {"coding": [{"code": "not-a-number"}]},
                    },
                ]
            },
            "150021=123 mm[Hg], 150022=NaN",
        ),
        (
            {
                "valueQuantity": quantity(Decimal("2.0"), "[iU]"),
                "component": [{"code": concept(67985), "valueQuantity": quantity(5, "us")}],
            },
            "2.0 [iU]",
        ),
    ],
)
def test_every_form_of_value_becomes_its_exact_text(resource: dict[str, Any], text: str) -> None:
    record = read_bundle([bundle({"code": concept(150456), **resource})])
    (reading,) = record.of_device(SYSTEM_ID, [])
    assert (reading.observation_id, reading.type_cf, reading.value) == (IDENTITY, 150456, text)


def test_what_people_told_is_no_reading_of_a_device() -> None:
    page = bundle({"code": concept(150456), "valueQuantity": quantity(97, "%")})
    del page["entry"][-1]["resource"]["device"]
    assert read_bundle([page]).readings == {}


def test_coincident_time_stamps_are_no_readings() -> None:
    record = read_bundle([bundle({"code": concept(67975), "valueDateTime": "2026-03-01"})])
    assert record.of_device(SYSTEM_ID, []) == ()


def test_strips_of_all_pages_are_cut_into_the_stretches_that_were_made() -> None:
    pages = [
        bundle(strip("2026-03-01T12:00:10.000Z", [5, 6])),
        bundle(strip("2026-03-01T12:00:00.000Z", [1, 2, 3, 4])),
    ]
    made = [stretch(1, [1, 2]), stretch(2, [3, 4]), stretch(3, [5, 6])]
    pieces = read_bundle(pages).of_device(SYSTEM_ID, made)
    assert [(piece.observation_id.int, piece.value) for piece in pieces] == [
        (one.observation_id.int, one.value) for one in made
    ]


def test_a_changed_sample_makes_a_piece_nobody_made() -> None:
    pieces = read_bundle([bundle(strip("2026", [1, 2, 3, 9]))]).of_device(
        SYSTEM_ID, [stretch(1, [1, 2]), stretch(2, [3, 4])]
    )
    assert [piece.observation_id == UUID(int=1) for piece in pieces] == [True, False]
    assert pieces[1].observation_id != UUID(int=2)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ({"kind": "numeric", "value": Decimal("36.60"), "unit_code": "Cel"}, "36.60 Cel"),
        ({"kind": "numeric", "special": "NaN", "unit_code": "%"}, "NaN"),
        ({"kind": "numeric", "value": 1, "unit_code": "1"}, "1 1"),
        ({"kind": "numeric", "value": 1, "unit_code": "262999"}, "1 [262999]"),
        ({"kind": "coded", "value_code": "192529"}, "code 192529"),
        ({"kind": "coded", "value_code": "MDC_PULS_OXIM_SAT_O2"}, "code 150456"),
        ({"kind": "bits", "bits": 16384}, "bits 0x4000"),
        ({"kind": "text", "text": "on"}, "on"),
        (
            {
                "kind": "compound",
                "components": [
                    {"mdc_code": "MDC_PRESS_BLD_NONINV_SYS", "value": 1, "unit_code": "mm[Hg]"},
                    {"mdc_code": "150022", "special": "NaN", "unit_code": "mm[Hg]"},
                ],
            },
            "150021=1 mm[Hg], 150022=NaN",
        ),
    ],
)
def test_the_apis_observations_have_the_same_texts(item: dict[str, Any], text: str) -> None:
    assert text_of(item) == text


def test_a_stored_reading_keeps_its_identity_and_times() -> None:
    reading = reading_of(
        {
            "id": f"obs_{IDENTITY.hex}",
            "mdc_number": 150456,
            "kind": "text",
            "text": "x",
            "received_at": "2026-03-01T12:00:00.250000Z",
        }
    )
    assert reading.observation_id == IDENTITY
    assert reading.received_at == datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def test_live_counts_are_those_of_one_device() -> None:
    view = {
        "devices": [{"id": "dev_1", "samples": 400}, {"id": "dev_2", "samples": 9}],
        "gaps": [
            {"device_id": "dev_1", "samples": 50},
            {"device_id": "dev_1", "samples": 25},
            {"device_id": "dev_2", "samples": 7},
        ],
    }
    counts = live_counts(view, "dev_1")
    assert (counts.stored, counts.gap) == (400, 75)
    assert live_counts({}, "dev_1").stored == 0
