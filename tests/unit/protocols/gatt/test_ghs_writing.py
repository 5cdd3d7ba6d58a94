"""Observations as a sensor writes them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given

from protocols.errors import EncodeError
from protocols.gatt.elapsed_time import ElapsedTime
from protocols.gatt.ghs_reading import decode_observation, decode_stored
from protocols.gatt.ghs_records import (
    CLASSES,
    Compound,
    CompoundDiscrete,
    CompoundState,
    Discrete,
    GhsBundle,
    GhsObservation,
    Header,
    SampleArray,
    SimpleValue,
    String,
    Tlv,
    Tlvs,
)
from protocols.gatt.ghs_writing import encode_observation, encode_stored
from protocols.model.clock_mapping import Timeline
from protocols.model.codes import UnitCode
from tests.unit.protocols.gatt.ghs_examples import PULSE, TEMPERATURE, WARM, messages
from tests.unit.protocols.gatt.link import few

FULL = Header(
    type=TEMPERATURE,
    time=ElapsedTime(value=5, timeline=Timeline.LOCAL),
    duration=Decimal(1),
    status=1,
    object_id=2,
    patient=3,
    supplements=(PULSE,),
    derived_from=(4,),
    has_member=(5,),
    tlvs=(Tlv(PULSE, 4, b"\1"),),
)
SAMPLES = SampleArray(
    unit=UnitCode(512),
    scale=Decimal(1),
    offset=Decimal(0),
    period=Decimal(1),
    per_period=2,
    octets_per_sample=2,
    samples=b"\1\2\3\4",
)
VALUES: list[SimpleValue | Compound] = [
    WARM,
    Discrete(PULSE),
    String("A"),
    SAMPLES,
    CompoundDiscrete((PULSE,)),
    CompoundState(1, 7, 3, 1),
    Tlvs((Tlv(PULSE, 4, b"\1"),)),
    Compound(((TEMPERATURE, WARM), (PULSE, String("A")))),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("header", [Header(), FULL], ids=["bare", "full"])
def test_every_class_is_read_back(value: SimpleValue | Compound, header: Header) -> None:
    message = GhsObservation(CLASSES[type(value)], header, value)
    assert decode_observation(encode_observation(message)) == message


def test_bundles_and_unread_classes_are_written_as_they_came() -> None:
    member = GhsObservation(0x30, Header(), None, b"\xaa")
    bundle = GhsBundle(FULL, (member, member))
    assert decode_observation(encode_observation(bundle)) == bundle
    assert decode_stored(encode_stored(9, bundle)) == (9, bundle)


def test_a_value_of_another_class_has_no_wire_form() -> None:
    with pytest.raises(EncodeError, match="another class"):
        encode_observation(GhsObservation(2, Header(), WARM))


def test_a_text_without_a_utf_8_form_has_no_wire_form() -> None:
    with pytest.raises(EncodeError, match="UTF-8"):
        encode_observation(GhsObservation(3, Header(), String("\ud800")))


@pytest.mark.parametrize(("size", "samples"), [(0, b""), (2, b"\1")])
def test_samples_that_are_not_whole_have_no_wire_form(size: int, samples: bytes) -> None:
    array = SampleArray(
        unit=UnitCode(512),
        scale=Decimal(1),
        offset=Decimal(0),
        period=Decimal(1),
        per_period=1,
        octets_per_sample=size,
        samples=samples,
    )
    with pytest.raises(EncodeError, match="not whole"):
        encode_observation(GhsObservation(4, Header(), array))


@given(messages)
@few
def test_whatever_is_written_has_its_length(message: GhsObservation | GhsBundle) -> None:
    octets = encode_observation(message)
    assert int.from_bytes(octets[1:3], "little") == len(octets) - 3
