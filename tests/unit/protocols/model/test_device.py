"""What a device says about itself: texts may be missing, the identity may not."""

from __future__ import annotations

from protocols.model.codes import MdcCode, SystemId
from protocols.model.device import DeviceInfo

IDENTITY = SystemId(bytes.fromhex("1133557799BBDDFF"))


def test_what_a_device_left_out_is_empty() -> None:
    info = DeviceInfo(system_id=IDENTITY)
    texts = (info.manufacturer, info.model, info.serial_number)
    assert texts == ("", "", "")
    assert (info.firmware, info.hardware, info.software) == ("", "", "")
    assert info.specializations == ()


def test_the_same_description_twice_is_one() -> None:
    oximeter = ((MdcCode(8, 4100), 1),)
    told = DeviceInfo(system_id=IDENTITY, model="OX-2", specializations=oximeter)
    again = DeviceInfo(system_id=IDENTITY, model="OX-2", specializations=oximeter)
    assert {told, again} == {told}
    assert told != DeviceInfo(system_id=IDENTITY, model="OX-3", specializations=oximeter)
