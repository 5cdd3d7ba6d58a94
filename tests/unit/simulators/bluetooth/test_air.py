"""The air without hosts: who hears whom, and what a kernel without Bluetooth says."""

from __future__ import annotations

from pathlib import Path

import pytest
from bumble.core import AdvertisingData

from simulators.bluetooth.air import Air
from simulators.bluetooth.kernel_adapter import KernelAdapter
from simulators.bluetooth.message_bus import PrivateBus
from simulators.bluetooth.radio import Radio, advertisement
from simulators.errors import DeviceSettingsError, ProcessEndedError, ProcessError
from tests.fixtures.bluetooth_link import linked


async def test_an_advertisement_longer_than_a_radio_can_send_is_refused() -> None:
    radio = Radio(Air(), "talker", "F0:5A:00:00:00:77")
    radio.device.advertising_data = advertisement("a name of twenty-nine letters", (0x1822,))
    await radio.device.power_on()
    with pytest.raises(DeviceSettingsError, match="31 fit"):
        await radio.advertise(0.1)
    await radio.close()


def test_an_advertisement_without_services_has_no_list_of_them() -> None:
    kinds = [kind for kind, _ in AdvertisingData.from_bytes(advertisement("x", ())).ad_structures]
    assert kinds == [AdvertisingData.FLAGS, AdvertisingData.COMPLETE_LOCAL_NAME]


async def test_a_device_that_vanishes_ends_its_link_at_both_ends() -> None:
    async with linked("heart-rate") as link:
        air = link.device.radio.air
        central = next(one for one in air.controllers if one is not link.device.radio.controller)
        assert central.le_connections
        air.vanish(link.device.radio.controller)
        await link.device.peripheral.next_change()
        assert not central.le_connections


async def test_a_kernel_that_takes_no_adapter_is_told_of_in_a_sentence(tmp_path: Path) -> None:
    adapter = KernelAdapter(Air(), str(tmp_path / "vhci"))
    with pytest.raises(DeviceSettingsError, match="takes no virtual adapter"):
        await adapter.start()
    await adapter.stop()


def test_a_machine_without_a_dbus_daemon_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ProcessError, match="Install it"):
        PrivateBus(tmp_path).start()


def test_a_bus_that_cannot_listen_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ProcessEndedError):
        PrivateBus(tmp_path / "nowhere").start()
