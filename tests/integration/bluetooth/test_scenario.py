"""The nightly scenario on the stand-in: what it says must be what the real bluetoothd says."""

from __future__ import annotations

import tempfile
from pathlib import Path

from simulators.bluetooth.message_bus import PrivateBus
from tests.fixtures.bluetooth import bluetooth_process, orders
from tests.nightly.bluetooth_scenario import DEVICES, STEPS, play


async def test_the_stand_in_does_what_the_real_bluetoothd_was_seen_to_do(
    message_bus: PrivateBus,
) -> None:
    with tempfile.TemporaryDirectory(prefix="vw-ctl-") as folder:
        control = Path(folder) / "control"
        words = ["--bus", message_bus.address, "--control", str(control), "--speed", "10"]
        words += ["--advertising-seconds", "0.02"]
        with bluetooth_process(*words, "--devices", *DEVICES):
            async with orders(control) as order:

                async def kill() -> None:
                    assert await order({"do": "kill-bluetoothd"}) == {"ok": True}

                told = await play(order, kill)
    assert [line for line in told if "failure" in line] == []
    assert len(told) == len(STEPS)
