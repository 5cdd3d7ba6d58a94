"""The shared model refuses what cannot be, and identities follow the measurement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import DecodeError, EncodeError
from protocols.model.codes import MdcCode, SystemId, UnitCode
from protocols.model.identifiers import clockless_observation_id, observation_id
from protocols.model.quantity import Quantity, SpecialValue
from protocols.model.timestamps import ClockOffset, DeviceTime, ObservedTime, TimeQuality
from tests.fixtures import strategies

OXIMETER = SystemId.parse("11:22:33:44:55:66:77:04")
SPO2 = MdcCode(2, 19384)
STAMP = DeviceTime("absolute", "2026-11-23T10:00:00.00")


def test_a_term_has_a_context_free_number() -> None:
    assert SPO2.cf_code == 150456
    assert UnitCode(544).cf_code == 262688


@given(strategies.codes)
def test_codes_come_back_from_number_and_text(code: MdcCode) -> None:
    assert MdcCode.from_cf_code(code.cf_code) == code
    assert MdcCode.parse(str(code)) == code


@pytest.mark.parametrize("text", ["", "2", "2:", ":5", "2:x", "-1:5", "2:70000", "2:5:6"])
def test_other_texts_are_no_codes(text: str) -> None:
    with pytest.raises(DecodeError):
        MdcCode.parse(text)


@pytest.mark.parametrize("term", [-1, 0x10000])
def test_units_have_sixteen_bits(term: int) -> None:
    with pytest.raises(DecodeError):
        UnitCode(term)


def test_a_system_id_is_opaque_octets() -> None:
    assert str(OXIMETER) == "11-22-33-44-55-66-77-04"
    assert SystemId(b"LNIAGENT").hex == "4C4E494147454E54"


@pytest.mark.parametrize("text", ["", "zz", "1", "00" * 65])
def test_other_texts_are_no_system_id(text: str) -> None:
    with pytest.raises(DecodeError):
        SystemId.parse(text)


def test_a_quantity_is_finite_or_a_named_special() -> None:
    percent = UnitCode(544)
    assert Quantity(Decimal("97.0"), percent).number == Decimal("97.0")
    assert Quantity(SpecialValue.NRES, percent).number is None
    with pytest.raises(EncodeError):
        Quantity(Decimal("NaN"), percent)


def test_device_time_is_naive_and_utc_is_aware() -> None:
    local = datetime(2026, 11, 23, 10, 0, 0, 128000)  # noqa: DTZ001 - a device's own time
    assert DeviceTime.absolute(local).value == "2026-11-23T10:00:00.12"
    assert DeviceTime.absolute(local).local == datetime(2026, 11, 23, 10, 0, 0, 120000)  # noqa: DTZ001 - a device's own time
    assert DeviceTime.relative(8).local is None
    with pytest.raises(EncodeError):
        DeviceTime.absolute(local.replace(tzinfo=UTC))
    with pytest.raises(EncodeError):
        ObservedTime(local, TimeQuality.RECEIVED)


@given(st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_an_offset_maps_device_time_whatever_its_zone_and_fault(fault: timedelta) -> None:
    gateway = datetime(2026, 11, 23, 12, tzinfo=UTC)
    device = gateway.replace(tzinfo=None) + fault
    offset = ClockOffset.measure(device_local=device, gateway_utc=gateway)
    later = device + timedelta(seconds=5)
    assert offset.to_utc(later) == gateway + timedelta(seconds=5)


def test_the_same_measurement_has_the_same_id_and_others_do_not() -> None:
    first = observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP)
    assert first == observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP)
    fast = observation_id(
        system_id=OXIMETER, type_code=SPO2, device_time=STAMP, supplements=[MdcCode(2, 19508)]
    )
    longer = observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP, duration_us=1000)
    counted = {
        clockless_observation_id(
            system_id=OXIMETER, type_code=SPO2, received_at="2026-11-23T10:00:00Z", report_counter=n
        )
        for n in range(3)
    }
    assert len({first, fast, longer} | counted) == 6


def test_the_order_of_supplements_does_not_matter() -> None:
    a, b = MdcCode(2, 1), MdcCode(2, 2)
    ids = {
        observation_id(system_id=OXIMETER, type_code=SPO2, device_time=STAMP, supplements=order)
        for order in ([a, b], [b, a])
    }
    assert len(ids) == 1
