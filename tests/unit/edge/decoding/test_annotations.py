"""Notes beside numbers: for people only, the JSON has none of them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from edge.decoding.report import Decoding
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SampleSpecification
from protocols.ieee20601.configuration import build_configuration, encode_configuration
from protocols.specializations.cardiac_objects import ecg_lead_ii
from tests.unit.protocols.ieee20601.apdu_octets import report

CONFIGURATION = 0x0D1C


@pytest.mark.parametrize(
    ("flags", "note"),
    [
        (0xF000, "0xF000, SMOOTHED_CURVE, DELAYED_CURVE, STATIC_SCALE, SA_EXT_VAL_RANGE"),
        (0x2001, "0x2001, STATIC_SCALE"),
    ],
)
def test_what_a_device_says_of_its_curve_has_its_names(flags: int, note: str) -> None:
    lead = ecg_lead_ii(1)
    attributes = (at.SA_SPECN.of(SampleSpecification(50, 16, 12, flags)), *lead.attributes[:3])
    configuration = build_configuration(0x4001, [replace(lead, attributes=attributes)])
    octets = report(1, CONFIGURATION, encode_configuration(configuration))
    words = [line for line in Decoding().lines(octets) if "flags" in line]
    assert len(words) == 1
    assert note in words[0]
    (item,) = map(json.loads, Decoding(as_json=True).lines(octets))
    (told,) = item["fields"]["event_info"]["objects"]
    assert told["attributes"]["MDC_ATTR_SA_SPECN"]["flags"] == flags
