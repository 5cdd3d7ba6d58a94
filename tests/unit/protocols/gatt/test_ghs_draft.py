"""Observations of sensors older than the service: recorded octets first."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt.fields import FieldReader
from protocols.gatt.ghs_draft import DraftObservation, decode_draft_observation
from protocols.gatt.ghs_segments import SegmentAssembly, read_segment
from protocols.model.codes import MdcCode
from tests.vectors_folder import needs_vectors, phd


@needs_vectors
def test_the_recorded_observation_means_what_the_vector_says() -> None:
    (vector,) = [item for item in phd()["vectors"] if item["decoder"] == "ghs_draft_tlv"]
    assembly = SegmentAssembly()
    whole = None
    for part in vector["hex"].split("|"):
        segment = read_segment(FieldReader(bytes.fromhex(part), clause="GHSS"))
        whole = assembly.add(segment, [])
    assert whole is not None
    observation = decode_draft_observation(whole)
    expected = vector["expect"]
    assert observation.type is not None
    assert expected["type"].startswith(f"0x{observation.type.cf_code:08X}")
    assert expected["value"].startswith(str(observation.value))
    assert observation.unit is not None
    assert expected["unit"].startswith(f"0x{observation.unit.cf_code:08X}")
    assert observation.time is not None
    assert round(observation.time.timestamp() * 1000) == expected["time_ms_epoch"]
    assert observation.handle == 1


def test_attributes_nobody_named_are_kept() -> None:
    octets = bytes.fromhex("00020001 0002 AABB 00010A56 0004 FF00017A")
    assert decode_draft_observation(octets) == DraftObservation(
        value=Decimal("37.8"), others=((MdcCode(2, 1), b"\xaa\xbb"),)
    )
    assert decode_draft_observation(b"") == DraftObservation()


def test_a_time_counts_milliseconds_since_1970() -> None:
    octets = bytes.fromhex("00010990 0008 00000000000003E8")
    assert decode_draft_observation(octets).time == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["00010A", "00010A56 0004 FF0001", "00010A56 0002 0000", "00010990 0008 FFFFFFFFFFFFFFFF"],
    ids=["no length", "short value", "no FLOAT", "beyond the calendar"],
)
def test_broken_attributes_are_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        decode_draft_observation(bytes.fromhex(text))


@given(st.binary(max_size=40))
def test_any_octets_are_an_observation_or_a_decode_error(octets: bytes) -> None:
    try:
        decode_draft_observation(octets)
    except DecodeError:
        return
