"""Observations of a Generic Health Sensor to look at."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from protocols.gatt.elapsed_time import ElapsedTime
from protocols.gatt.ghs_records import (
    CLASSES,
    Compound,
    CompoundDiscrete,
    CompoundState,
    Discrete,
    GhsBundle,
    GhsObservation,
    Header,
    Numeric,
    SampleArray,
    SimpleValue,
    String,
    Tlv,
    Tlvs,
)
from protocols.model.clock_mapping import Timeline
from protocols.model.codes import MdcCode, UnitCode

TEMPERATURE: Final = MdcCode(2, 19292)
PULSE: Final = MdcCode(2, 18442)
PLETH: Final = MdcCode(2, 19380)
CELSIUS: Final = UnitCode(6048)
WARM: Final = Numeric(CELSIUS, Decimal("36.6"))

floats = st.integers(-8_000_000, 8_000_000).map(lambda n: Decimal(n).scaleb(-2))
codes = st.builds(MdcCode, st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
units = st.builds(UnitCode, st.integers(0, 0xFFFF))
tlvs = st.builds(Tlv, codes, st.integers(0, 255), st.binary(max_size=5))
simple: st.SearchStrategy[SimpleValue] = st.one_of(
    st.builds(Numeric, units, floats),
    st.builds(Discrete, codes),
    st.builds(String, st.text(st.characters(codec="utf-8"), max_size=8)),
    st.builds(
        SampleArray,
        unit=units,
        scale=floats,
        offset=floats,
        period=floats,
        per_period=st.integers(0, 255),
        octets_per_sample=st.just(2),
        samples=st.binary(max_size=4).map(lambda octets: octets + octets),
    ),
    st.builds(CompoundDiscrete, st.lists(codes, max_size=3).map(tuple)),
    st.builds(
        CompoundState,
        st.just(2),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFF),
    ),
    st.builds(Tlvs, st.lists(tlvs, max_size=2).map(tuple)),
)
values = st.one_of(
    simple, st.builds(Compound, st.lists(st.tuples(codes, simple), max_size=3).map(tuple))
)
numbers = st.lists(st.integers(0, 0xFFFF_FFFF), max_size=2).map(tuple)
headers = st.builds(
    Header,
    type=st.none() | codes,
    time=st.none()
    | st.builds(
        ElapsedTime,
        value=st.integers(0, (1 << 48) - 1),
        timeline=st.sampled_from(Timeline),
        resolution=st.integers(0, 3),
        has_offset=st.booleans(),
        offset_quarters=st.integers(-128, 127),
        source=st.integers(0, 255),
        is_current=st.booleans(),
    ),
    duration=st.none() | floats,
    status=st.none() | st.integers(0, 0xFFFF),
    object_id=st.none() | st.integers(0, 0xFFFF_FFFF),
    patient=st.none() | st.integers(0, 255),
    supplements=st.lists(codes, max_size=2).map(tuple),
    derived_from=numbers,
    has_member=numbers,
    tlvs=st.lists(tlvs, max_size=1).map(tuple),
)
observations = st.tuples(headers, values).map(
    lambda pair: GhsObservation(CLASSES[type(pair[1])], pair[0], pair[1])
)
bundles = st.builds(GhsBundle, headers, st.lists(observations, max_size=3).map(tuple))
messages = st.one_of(observations, bundles)
