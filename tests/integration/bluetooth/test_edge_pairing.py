"""A person pairs a device: by the command line and by the control socket, each kind of question."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from edge.status.control import ask
from simulators.bluetooth.peripheral import JUST_WORKS, Pairing, Security
from simulators.bluetooth.place import BluetoothPlace
from tests.fixtures.bluetooth import switch_on
from tests.fixtures.radio_gateway import (
    RadioGateway,
    device_settings,
    radio_gateway,
    radio_settings,
)

NUMBER = 123456


def pair_command(edge: RadioGateway, *words: str, said: str = "") -> tuple[int, str]:
    """`vitalwire-edge pair`: its exit code and what it printed; `said` is typed into it."""
    done = subprocess.run(
        [sys.executable, "-m", "edge", "pair", "--data", str(edge.data), *words],
        input=said,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


async def test_a_device_is_paired_by_typing_its_number_at_the_command_line(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    security = Security(Pairing.SHOWS_PASSKEY, NUMBER)
    oximeter = await switch_on(bluetooth, "oximeter", security=security)
    address = oximeter.radio.address
    async with radio_gateway(tmp_path, radio_settings()) as edge:
        await edge.until(lambda: bool(edge.desk()["nearby"]), what="the device near", seconds=40)
        code, said = await asyncio.to_thread(pair_command, edge)
        assert (code, address in said, "pulse oximeter" in said) == (0, True, True)
        code, said = await asyncio.to_thread(pair_command, edge, address, said=f"{NUMBER}\n")
        assert code == 0, said + edge.log
        assert "Finger Clip shows a number" in said
        await edge.until_state("Finger Clip", "receiving")
    async with radio_gateway(tmp_path, radio_settings()) as edge:
        await edge.until_more("Finger Clip")
        code, said = await asyncio.to_thread(pair_command, edge, address, "--forget")
        assert code == 0
        await edge.until_state("Finger Clip", "ended")
    assert bluetooth.bluetoothd.calls.count("RemoveDevice") >= 1


@pytest.mark.soak
@pytest.mark.parametrize(
    ("security", "kind"),
    [
        (Security(Pairing.COMPARES), "compare_number"),
        (Security(Pairing.TAKES_PASSKEY, 0), "show_passkey"),
    ],
)
async def test_each_question_is_put_to_a_person_and_the_answer_counts(
    bluetooth: BluetoothPlace, tmp_path: Path, security: Security, kind: str
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=security)
    settings = radio_settings(device_settings("Oxi", oximeter.radio.address))
    async with radio_gateway(tmp_path, settings) as edge:
        requests: list[dict[str, object]] = []

        def asked() -> bool:
            requests[:] = edge.desk()["requests"]
            return bool(requests)

        await edge.until(asked, what="a question")
        assert (requests[0]["kind"], requests[0]["name"]) == (kind, "Oxi")
        if kind != "show_passkey":
            await asyncio.to_thread(
                ask, edge.data, "pairing.answer", id=requests[0]["id"], accept=True
            )
            await edge.until_state("Oxi", "receiving")


@pytest.mark.soak
async def test_a_lost_bond_is_made_anew_when_a_person_wishes_it(
    bluetooth: BluetoothPlace, tmp_path: Path
) -> None:
    oximeter = await switch_on(bluetooth, "oximeter", security=JUST_WORKS)
    settings = radio_settings(device_settings("Oxi", oximeter.radio.address))
    calls = bluetooth.bluetoothd.calls
    async with radio_gateway(tmp_path, settings) as edge:
        await edge.until_state("Oxi", "receiving")
        await oximeter.peripheral.forget_bonds()
        await oximeter.peripheral.hang_up()
        await edge.until_state("Oxi", "bond lost")
        assert "pair it again" in edge.device("Oxi")["reason"]
        assert calls.count("Connect") < 12
        assert "bond lost" in edge.log
        code, said = await asyncio.to_thread(pair_command, edge, oximeter.radio.address)
        assert code == 0, said + edge.log
        await edge.until_state("Oxi", "receiving")
        assert calls.count("RemoveDevice") >= 1


@pytest.mark.soak
async def test_a_command_for_a_gateway_without_a_radio_says_so(tmp_path: Path) -> None:
    async with radio_gateway(tmp_path, "") as edge:
        code, said = await asyncio.to_thread(pair_command, edge)
        assert code == 2
        assert "cannot do that" in said
