"""Whatever octets arrive on a characteristic: a record or a DecodeError, never anything else."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError
from protocols.gatt.base import AnyCharacteristic, GattProfile
from protocols.gatt.registry import PROFILES
from protocols.mder.records import LENIENT
from tests.unit.protocols.gatt.link import NOW, few, session

CHARACTERISTICS = [
    pytest.param(profile, item, id=item.decode_as[0])
    for profile in PROFILES
    for item in profile.characteristics
]
OCTETS = st.binary(max_size=24)


@pytest.mark.parametrize(("profile", "characteristic"), CHARACTERISTICS)
@given(values=st.lists(OCTETS, max_size=4), stored=st.booleans())
@few
def test_a_session_says_something_or_raises_a_decode_error_and_goes_on(
    profile: GattProfile, characteristic: AnyCharacteristic, values: list[bytes], stored: bool
) -> None:
    connection = session(profile)
    for octets in values:
        with suppress(DecodeError):
            transcript = connection.value_received(
                characteristic.uuid, octets, utc=NOW, stored=stored
            )
            ids = [item.observation_id for item in transcript.observations]
            assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "characteristic",
    [
        pytest.param(item, id=item.decode_as[0])
        for profile in PROFILES
        for item in profile.characteristics
    ],
)
@given(octets=OCTETS)
@few
def test_what_was_read_of_any_octets_is_written_so_that_it_reads_the_same(
    characteristic: AnyCharacteristic, octets: bytes
) -> None:
    try:
        record = characteristic.decode(octets, leniency=LENIENT)
    except DecodeError:
        return
    assert characteristic.decode(characteristic.encode(record)) == record
