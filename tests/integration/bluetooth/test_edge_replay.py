"""What a gateway recorded of a radio device plays again elsewhere, with the same readings."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edge.__main__ import main
from simulators.bluetooth.place import BluetoothPlace
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.gateway import Gateway, observations, status_json
from tests.fixtures.radio_gateway import device_settings, radio_gateway, radio_settings


@pytest.mark.parametrize(
    "name", ["oximeter", pytest.param("glucose-meter", marks=pytest.mark.soak)]
)
async def test_a_recorded_radio_device_gives_the_same_readings_in_another_gateway(
    hurried: BluetoothPlace, tmp_path: Path, name: str
) -> None:
    device = await switch_on(hurried, name)
    more = "records_again_seconds = 1"
    settings = radio_settings(device_settings("Field", device.radio.address), more=more)
    async with radio_gateway(tmp_path / "first", settings) as edge:
        await edge.until_state("Field", "receiving")
        await edge.until_more("Field")
        await asyncio.to_thread(edge.gateway.stop)
    capture = tmp_path / "field.jsonl"
    words = ["recorder", "export", "--data", str(edge.data), "--out", str(capture)]
    assert main(words) == 0
    again = f'[[devices]]\nname = "again"\ntransport = "replay:{capture}"\n'
    gateway = await asyncio.to_thread(Gateway.start, tmp_path / "second", again, "--exit-when-idle")
    try:
        assert await asyncio.to_thread(gateway.wait) == 0
    finally:
        await asyncio.to_thread(gateway.stop)
    first = observations(edge.data)
    assert len(first) >= 3
    assert observations(gateway.data) == first
    (state,) = status_json(gateway.data)["devices"]
    assert state["reason"] == "the recording is over"
    assert state["faults"] == 0
