"""Leads of one ECG are one observation, and are drawn to scale."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from datetime import timedelta
from xml.etree import ElementTree

import pytest

from cloud.core.observations.stored import StoredObservation
from cloud.fhir import systems
from cloud.fhir.bundle import HandoverPages
from cloud.fhir.document_reference import MOST_OCTETS, attachment
from cloud.fhir.ecg_picture import MOST_DRAWN, can_be_drawn, draw, recordings
from cloud.fhir.json import dumps, loads
from cloud.fhir.recording import long_recordings, recording
from cloud.fhir.selection import Detail
from cloud.fhir.strips import Leads, Strip, by_leads, strips
from protocols.model.codes import UnitCode
from protocols.model.observation import MeasurementStatus, SampleArrayObservation
from tests.fixtures.fhir_checks import problems
from tests.fixtures.handovers import DEFIBRILLATOR, LEADS, START, ecg, handover, twelve_leads
from tests.fixtures.records import full_handover, known_identity
from tests.unit.cloud.fhir.reading import Json, bundle_of, codes, resources

SVG = "{http://www.w3.org/2000/svg}"


def leads_of(readings: list[StoredObservation]) -> Leads:
    (found,) = by_leads(strips(readings))
    assert isinstance(found, Leads)
    return found


def ecg_observation(readings: list[StoredObservation]) -> Json:
    found = resources(bundle_of(handover(readings)), "Observation")
    (one,) = [one for one in found if one["code"]["text"].startswith("ECG, lead")]
    return one


def test_twelve_leads_are_one_observation_with_a_component_each() -> None:
    one = ecg_observation(twelve_leads(START))
    assert codes(one["code"]) == [(systems.LOINC, "11524-6"), (systems.MDC, "131328")]
    assert [codes(part["code"]) for part in one["component"]] == [
        [(systems.MDC, str(lead.cf_code))] for lead in LEADS
    ]
    data = one["component"][0]["valueSampledData"]
    assert (data["period"], data["dimensions"]) == (4, 1)
    assert data["data"].count(" ") == 999
    assert "valueSampledData" not in one


def test_leads_without_signal_say_why() -> None:
    invalid = []
    for stored in twelve_leads(START):
        told = replace(stored.observation, status=MeasurementStatus.INVALID)
        invalid.append(replace(stored, observation=told))
    one = ecg_observation(invalid)
    assert all("dataAbsentReason" in part for part in one["component"])


def test_leads_that_begin_apart_stay_strips_of_their_own() -> None:
    later = ecg(START + timedelta(seconds=1), [1] * 250, lead=LEADS[0])
    found = by_leads(strips([ecg(START, [1] * 250, lead=LEADS[1]), later]))
    assert all(isinstance(one, Strip) for one in found)


def test_the_picture_is_to_scale_and_the_same_each_time() -> None:
    leads = leads_of(twelve_leads(START, seconds=10))
    octets = draw(leads, "12-lead ECG <test>")
    assert octets == draw(leads, "12-lead ECG <test>")
    root = ElementTree.fromstring(octets)  # noqa: S314 - our own octets
    words = [one.text for one in root.iter(f"{SVG}text")]
    assert words[:2] == ["12-lead ECG <test>", "25 mm/s, 10 mm/mV"]
    assert words[2:] == [
        *("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6", "II")
    ]
    lines = [one.attrib["d"] for one in root.iter(f"{SVG}path") if one.attrib["class"] == "c"]
    rhythm = lines[-1]
    steps = [int(step) for step in re.findall(r"l(-?\d+) ", rhythm)]
    # Ten seconds are 250 mm; the first and last sample stand inside.
    assert 2480 <= sum(steps) <= 2500
    calibration = lines[0]
    assert "v-100" in calibration


def test_fewer_leads_stand_below_each_other() -> None:
    leads = leads_of(twelve_leads(START)[:3])
    root = ElementTree.fromstring(draw(leads, "x"))  # noqa: S314 - our own octets
    words = [one.text for one in root.iter(f"{SVG}text")][2:]
    assert words == ["I", "II", "III"]


def test_what_is_not_in_volts_is_not_drawn() -> None:
    odd = []
    for stored in twelve_leads(START):
        assert isinstance(stored.observation, SampleArrayObservation)
        odd.append(replace(stored, observation=replace(stored.observation, unit=UnitCode(3872))))
    leads = leads_of(odd)
    assert not can_be_drawn(leads)
    assert recordings([leads]) == []
    with pytest.raises(AssertionError, match="volts"):
        draw(leads, "x")


def test_the_beginning_of_each_recording_is_drawn() -> None:
    minutes = [leads_of(twelve_leads(START + timedelta(minutes=one))) for one in range(20)]
    assert recordings(minutes) == minutes[:MOST_DRAWN]
    running = [leads_of(twelve_leads(START + timedelta(seconds=10 * one))) for one in range(3)]
    assert recordings(running) == running[:1]
    stub = leads_of([ecg(START, [1] * 50, lead=lead) for lead in LEADS])
    assert recordings([stub, running[1]]) == running[1:2]


def test_the_drawn_ecg_stands_with_its_hash_and_photographs_for_the_hospital_alone() -> None:
    (shown,) = resources(bundle_of(full_handover()), "DocumentReference")
    held = shown["content"][0]["attachment"]
    octets = base64.b64decode(held["data"])
    digest = hashlib.sha1(octets, usedforsecurity=False).digest()
    assert base64.b64decode(held["hash"]) == digest
    assert held["size"] == len(octets)
    assert held["contentType"] == "image/svg+xml"
    identified = bundle_of(full_handover(identity=known_identity()))
    kinds = [
        one["content"][0]["attachment"]["contentType"]
        for one in resources(identified, "DocumentReference")
    ]
    assert kinds == ["image/svg+xml", "image/jpeg"]


def test_the_device_of_the_leads_is_told() -> None:
    assert leads_of(twelve_leads(START)).chunks[0].observation.device == DEFIBRILLATOR


def test_an_ecg_longer_than_a_strip_is_a_binary_where_it_can_be_put() -> None:
    long = [
        one
        for part in range(3)
        for one in twelve_leads(START + timedelta(seconds=10 * part), seconds=10)
    ]
    handed = handover(long)
    plain = loads(dumps(HandoverPages(handed, detail=Detail.FULL).bundle()))
    assert resources(plain, "Binary") == []
    put = loads(dumps(HandoverPages(handed, detail=Detail.FULL, puts=True).bundle()))
    assert problems(put) == []
    (entry,) = [one for one in put["entry"] if one["resource"]["resourceType"] == "Binary"]
    name = entry["fullUrl"].removeprefix("urn:uuid:")
    assert entry["request"] == {"method": "PUT", "url": f"Binary/{name}"}
    octets = base64.b64decode(entry["resource"]["data"])
    whole = loads(octets)
    assert [part["valueSampledData"]["data"].count(" ") for part in whole["component"]] == [
        7499
    ] * 12
    assert whole["effectivePeriod"]["start"] == "2026-11-23T10:14:00.000Z"
    assert not {"subject", "encounter", "device"} & set(whole)
    (leading,) = [
        one
        for one in resources(put, "DocumentReference")
        if "url" in one["content"][0]["attachment"]
    ]
    held = leading["content"][0]["attachment"]
    assert held["url"] == entry["fullUrl"]
    assert base64.b64decode(held["hash"]) == hashlib.sha1(octets, usedforsecurity=False).digest()


def test_one_strip_and_leads_that_change_make_no_binary() -> None:
    assert long_recordings([leads_of(twelve_leads(START, seconds=10))]) == []
    other = leads_of(twelve_leads(START + timedelta(seconds=10), seconds=10)[:6])
    assert long_recordings([leads_of(twelve_leads(START, seconds=10)), other]) == []


def test_a_recording_in_one_piece_is_as_long_as_servers_take() -> None:
    groups = [
        leads_of(twelve_leads(START + timedelta(seconds=10 * part), seconds=10))
        for part in range(6)
    ]
    pieces = long_recordings(groups)
    assert [len(one.strips[0].chunks) for one in pieces] == [4, 2]
    assert all(len(base64.b64encode(recording(one))) < 1 << 20 for one in pieces)


def test_a_file_servers_would_not_take_is_told_without_its_octets() -> None:
    told = attachment(bytes(MOST_OCTETS + 1), "image/jpeg", "Photograph by the crew", START)
    assert "data" not in told
    assert told["size"] == MOST_OCTETS + 1
    assert "data" in attachment(bytes(MOST_OCTETS), "image/jpeg", "x", START)
