"""The gateway, unmodified and in its own process, with a device on the radio."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulators.bluetooth.peripheral import Pairing, Security
from simulators.bluetooth.place import BluetoothPlace
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.radio_gateway import device_settings, radio_gateway, radio_settings

SPO2 = 19384


async def test_an_enrolled_device_is_found_connected_and_its_values_are_kept(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter")
    settings = radio_settings(device_settings("Oxi", oximeter.radio.address))
    async with radio_gateway(tmp_path, settings) as edge:
        await edge.until_state("Oxi", "receiving")
        await edge.until(lambda: len(edge.held()) >= 5, what="values")
        device = edge.device("Oxi")
        assert device["battery_percent"] == 100
        assert device["system_id"] == str(oximeter.personality.identity.info.system_id)
        assert edge.status()["radio"]["adapters"] == ["hci0"]
    assert SPO2 in {item.type.term for item in edge.held()}
    assert oximeter.peripheral.links == []


@pytest.mark.soak
async def test_a_device_is_served_unasked_for_its_service(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    await switch_on(bluetooth, "oximeter")
    async with radio_gateway(
        tmp_path, radio_settings(more='discover = ["pulse_oximeter"]')
    ) as edge:
        await edge.until_state("Finger Clip", "receiving")


@pytest.mark.soak
async def test_a_device_with_a_passkey_of_its_own_is_paired_with_it(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    oximeter = await switch_on(
        bluetooth, "oximeter", security=Security(Pairing.SHOWS_PASSKEY, 123456)
    )
    more = 'passkey = "123456"'
    settings = radio_settings(device_settings("Oxi", oximeter.radio.address, more))
    async with radio_gateway(tmp_path, settings) as edge:
        await edge.until_state("Oxi", "receiving")
    async with radio_gateway(tmp_path, settings) as edge:
        await edge.until_more("Oxi")
        await edge.until_state("Oxi", "receiving")
    assert bluetooth.bluetoothd.calls.count("Pair") <= 1
