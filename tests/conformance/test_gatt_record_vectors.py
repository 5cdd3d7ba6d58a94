"""Stored records and sensors' segments nobody here wrote, and what they mean."""

from __future__ import annotations

from typing import Any

import pytest

from protocols.errors import DecodeError
from protocols.gatt.cgm_measurement import CgmMeasurement
from protocols.gatt.cgm_session_values import CgmSessionStart
from protocols.gatt.fields import FieldReader
from protocols.gatt.ghs_draft import decode_draft_observation
from protocols.gatt.ghs_segments import SegmentAssembly, read_segment
from protocols.gatt.glucose_measurement import GlucoseMeasurement
from protocols.gatt.racp_codec import NumberOfRecords, OpCode, RacpResponse
from protocols.gatt.registry import DECODERS
from tests.conformance.apdu_view import number_text
from tests.vectors_folder import needs_vectors, phd

pytestmark = needs_vectors

Vector = dict[str, Any]
NAMES = ("gls", "racp", "cgm", "cgm_start")
OPS = {OpCode.NUMBER_RESPONSE: "number-of-records"}


def vectors(*decoders: str) -> list[Any]:
    return [
        pytest.param(vector, id=vector["id"])
        for vector in phd()["vectors"]
        if vector["decoder"] in decoders
    ]


def seen(record: object) -> dict[str, object]:
    """A record in the words of the vectors."""
    match record:
        case GlucoseMeasurement(concentration=concentration, status=status):
            assert concentration is not None
            assert status is not None
            return {
                "seq": record.sequence_number,
                "base_time": str(record.base_time),
                "offset_min": record.offset_minutes,
                "conc": number_text(concentration.value),
                "unit": "mol/L" if concentration.in_moles else "kg/L",
                "type": concentration.sample_type,
                "loc": concentration.sample_location,
                "status": f"0x{status:04X}",
                "context_follows": record.context_follows,
            }
        case RacpResponse():
            return {"op": "response", "request": record.request, "value": record.value}
        case NumberOfRecords():
            return {"op": OPS[record.op_code], "count": record.count}
        case CgmMeasurement(records=(only,)):
            return {
                "conc_mg_dl": number_text(only.concentration),
                "offset_min": only.offset_minutes,
            }
        case CgmSessionStart():
            return {
                "time": str(record.time),
                "tz_min": record.zone_minutes,
                "dst_min": record.dst_minutes,
                "crc": f"0x{record.crc:04X}",
                "crc_ok": record.crc is not None,  # a wrong one is refused
            }
    raise AssertionError(record)


@pytest.mark.parametrize("vector", vectors(*NAMES))
def test_a_value_means_what_the_vector_says(vector: Vector) -> None:
    view = seen(DECODERS[vector["decoder"]].decode(bytes.fromhex(vector["hex"])))
    assert {key: view[key] for key in vector["expect"]} == vector["expect"]


@pytest.mark.parametrize("vector", vectors(*NAMES))
def test_a_value_is_written_back_octet_for_octet(vector: Vector) -> None:
    octets = bytes.fromhex(vector["hex"])
    characteristic = DECODERS[vector["decoder"]]
    assert characteristic.encode(characteristic.decode(octets)) == octets


@pytest.mark.parametrize("vector", vectors(*NAMES))
def test_a_value_cut_short_is_refused(vector: Vector) -> None:
    with pytest.raises(DecodeError):
        DECODERS[vector["decoder"]].decode(bytes.fromhex(vector["hex"])[:-1])


@pytest.mark.parametrize("vector", vectors("ghs_draft_tlv"))
def test_segments_of_an_early_sensor_make_the_observation_the_vector_says(vector: Vector) -> None:
    assembly, warnings = SegmentAssembly(), list[str]()
    *before, whole = [
        assembly.add(read_segment(FieldReader(bytes.fromhex(part), clause="GHSS")), warnings)
        for part in vector["hex"].split("|")
    ]
    assert before == [None] * len(before)
    assert warnings == []
    assert whole is not None
    observation = decode_draft_observation(whole)
    assert observation.time is not None
    assert round(observation.time.timestamp() * 1000) == vector["expect"]["time_ms_epoch"]
    assert vector["expect"]["value"].startswith(str(observation.value))


def test_the_file_holds_what_these_tests_are_about() -> None:
    found = {vector["id"] for vector in phd()["vectors"]}
    assert found >= {
        "gls-nordic",
        "racp-success",
        "racp-no-records",
        "racp-count",
        "cgm-small",
        "cgm-session-start-crc",
        "ghs-draft-tlv-5seg",
    }
