"""A night in a device's store, over a real socket, into a gateway that dies in the middle of it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from protocols.model.observation import Observation
from protocols.model.timestamps import TimeQuality
from simulators.devices.night_oximeter import ENTRIES_AN_HOUR, HOURS, IDENTITY, PAGE_ENTRIES
from simulators.incident.listening import free_port
from tests.fixtures.gateway import Gateway, observations, status_json
from tests.waiting import wait_until

# Two readings an entry: saturation and pulse rate.
READINGS = 2 * HOURS * ENTRIES_AN_HOUR
AGAIN_SOON = "[drivers]\nstored_again_seconds = 0.2\n"


@contextmanager
def night_oximeter(port: int, *options: str) -> Iterator[datetime]:
    """The device, dialling until somebody answers; yields a moment before its live stream."""
    command = [sys.executable, "-m", "simulators", "device", IDENTITY.name]
    command += ["--connect", f"tcp:127.0.0.1:{port}", *options]
    before = datetime.now(UTC)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield before
        finally:
            process.kill()


def stored(gateway: Gateway, before: datetime) -> list[Observation]:
    """What came from the store: the live stream is stamped later."""
    return [item for item in observations(gateway.data) if item.observed_at.at < before]


def wait_for_the_night(gateway: Gateway, before: datetime) -> list[Observation]:
    wait_until(
        lambda: len(stored(gateway, before)) >= READINGS, timeout=60, what="every stored entry"
    )
    return stored(gateway, before)


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> int:
    """Where the gateway listens, before and after it died."""
    port = free_port()
    monkeypatch.setenv("EDGE_LISTEN", f"tcp:127.0.0.1:{port}")
    return port


def assert_whole_and_once(night: list[Observation]) -> None:
    assert len(night) == READINGS
    assert len({item.observation_id for item in night}) == READINGS
    assert {item.observed_at.quality for item in night} == {TimeQuality.DEVICE}


def test_a_gateway_that_dies_in_mid_transfer_loses_nothing_and_stores_nothing_twice(
    tmp_path: Path, port: int
) -> None:
    gateway = Gateway.start(tmp_path)
    with night_oximeter(port) as before:
        wait_until(
            lambda: len(stored(gateway, before)) > READINGS // 10, timeout=30, what="some pages"
        )
        gateway.kill()
        durable = len(stored(gateway, before))
        assert durable < READINGS, "killed too late to say anything"
        gateway = Gateway.start(tmp_path)
        try:
            night = wait_for_the_night(gateway, before)
        finally:
            gateway.stop()
    assert_whole_and_once(night)
    # What was durable was passed over, but for a page whose confirm was on its way.
    (device,) = status_json(gateway.data)["devices"]
    assert device["repeated"] <= 2 * PAGE_ENTRIES


@pytest.mark.parametrize(
    "fault",
    [
        "cut-in-mid-page",
        pytest.param("segment-aborted", marks=pytest.mark.soak),
        pytest.param("gap-in-segment", marks=pytest.mark.soak),
    ],
)
def test_a_transfer_that_breaks_off_is_made_whole(tmp_path: Path, port: int, fault: str) -> None:
    gateway = Gateway.start(tmp_path, AGAIN_SOON)
    try:
        with night_oximeter(port, "--fault", fault) as before:
            night = wait_for_the_night(gateway, before)
    finally:
        gateway.stop()
    assert_whole_and_once(night)
