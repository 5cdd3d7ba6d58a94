"""Octets nobody here wrote, and what they mean: every APDU, SFLOAT and FLOAT of the vectors."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601.apdus import Prst, decode_apdu, encode_apdu, readable_invoke_id
from protocols.ieee20601.configuration import decode_configuration, encode_configuration
from protocols.ieee20601.event_reports import (
    ConfigReport,
    decode_event_info,
    encode_event_info,
)
from protocols.ieee20601.remote_operations import EventReport
from protocols.mder.numbers import decode_float, decode_sfloat, encode_float, encode_sfloat
from protocols.mder.records import LENIENT
from tests.conformance.apdu_view import look_up, number_text, view
from tests.vectors_folder import needs_vectors, phd

pytestmark = needs_vectors

Vector = dict[str, Any]


def vectors(decoder: str, *, negative: bool = False) -> list[Any]:
    return [
        pytest.param(vector, id=vector["id"])
        for vector in phd()["vectors"]
        if vector["decoder"] == decoder
        and (vector["id"] in FAULTY or vector["category"] == "negative") is negative
    ]


# A list that announces four entries and holds one; the two files call it a scan report.
FAULTY = {"scan-fixed-thermometer"}


def octets_of(vector_id: str) -> bytes:
    found = [vector for vector in phd()["vectors"] if vector["id"] == vector_id]
    return bytes.fromhex(found[0]["hex"])


def wanted(value: object) -> object:
    """An expected value as our view has it: hexadecimal texts of numbers become numbers."""
    if isinstance(value, str) and value.startswith("0x"):
        return int(value, 16)
    return value


@pytest.mark.parametrize("vector", vectors("apdu"))
def test_an_apdu_means_what_the_vector_says(vector: Vector) -> None:
    seen = view(decode_apdu(bytes.fromhex(vector["hex"])))
    for path, value in vector["expect"].items():
        assert look_up(seen, path) == wanted(value), path


@pytest.mark.parametrize("vector", vectors("apdu"))
def test_an_apdu_is_written_back_octet_for_octet(vector: Vector) -> None:
    octets = bytes.fromhex(vector["hex"])
    apdu = decode_apdu(octets)
    assert encode_apdu(apdu) == octets
    if isinstance(apdu, Prst) and isinstance(apdu.data.message, EventReport):
        report = apdu.data.message
        info = decode_event_info(report.event_type, report.event_info)
        assert encode_event_info(report.event_type, info) == report.event_info
        if isinstance(info, ConfigReport):
            configuration = decode_configuration(report.event_info)
            assert encode_configuration(configuration) == report.event_info


@pytest.mark.parametrize("vector", vectors("sfloat"))
def test_an_sfloat_has_the_digits_the_vector_says(vector: Vector) -> None:
    octets = bytes.fromhex(vector["hex"])
    value = decode_sfloat(octets)
    assert number_text(value) == vector["expect"]
    assert encode_sfloat(value) == octets


@pytest.mark.parametrize("vector", vectors("flt"))
def test_a_float_has_the_digits_the_vector_says(vector: Vector) -> None:
    octets = bytes.fromhex(vector["hex"])
    value = decode_float(octets)
    assert number_text(value) == vector["expect"]
    assert encode_float(value) == octets


def test_the_file_holds_what_these_tests_are_about() -> None:
    assert len(vectors("apdu")) + len(vectors("apdu", negative=True)) >= 57
    assert len(vectors("sfloat")) >= 23
    assert len(vectors("flt")) >= 16
    assert {param.id for param in vectors("apdu", negative=True)} >= {
        "neg-config-oximeter-len",
        "neg-scan-var-len",
        "scan-fixed-thermometer",
        "live-scan-glucose-trailing",
    }


def test_surplus_octets_behind_a_configuration_report_are_refused_with_its_invoke_id() -> None:
    octets = octets_of("neg-config-oximeter-len")
    with pytest.raises(DecodeError, match="168 octets announced, 174 present"):
        decode_apdu(octets)
    assert readable_invoke_id(octets) == 0x1236


def test_the_declared_length_of_that_report_leaves_a_broken_object_list() -> None:
    # What a stream hands on: the declared 168 octets. The lists inside have drifted.
    report = decode_apdu(octets_of("neg-config-oximeter-len")[:172])
    assert isinstance(report, Prst)
    assert isinstance(report.data.message, EventReport)
    with pytest.raises(DecodeError):
        decode_configuration(report.data.message.event_info)


def test_a_message_shorter_than_its_apdu_is_refused_with_its_invoke_id() -> None:
    octets = octets_of("neg-scan-var-len")
    with pytest.raises(DecodeError, match="announces 54 octets and has 74"):
        decode_apdu(octets)
    assert readable_invoke_id(octets) == 0x0054


def test_a_list_that_holds_fewer_members_than_announced_is_refused_or_read_by_length() -> None:
    apdu = decode_apdu(octets_of("scan-fixed-thermometer"))
    assert isinstance(apdu, Prst)
    report = apdu.data.message
    assert isinstance(report, EventReport)
    with pytest.raises(DecodeError):
        decode_event_info(report.event_type, report.event_info)
    notes: list[str] = []
    decode_event_info(report.event_type, report.event_info, leniency=LENIENT, notes=notes)
    assert notes == ["tolerated list-count: a list announced 4 members and holds 1"]


def test_zero_octets_behind_a_list_are_dropped_with_a_note() -> None:
    apdu = decode_apdu(octets_of("live-scan-glucose-trailing"))
    assert isinstance(apdu, Prst)
    report = apdu.data.message
    assert isinstance(report, EventReport)
    notes: list[str] = []
    decode_event_info(report.event_type, report.event_info, notes=notes)
    assert notes == ["tolerated surplus-zeros: 2 surplus octets behind an event's content dropped"]
    seen = view(apdu)
    assert look_up(seen, "info/obs/0/MDC_ATTR_NU_VAL_OBS_BASIC") == "13.2"
    assert look_up(seen, "info/obs/0/MDC_ATTR_TIME_STAMP_ABS") == "2026-11-23T01:53:25.50"
