"""Recorded exchanges of real agents played as devices: from octets to rows in the buffer."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from edge.__main__ import main
from protocols.captures import AGENT_TO_MANAGER, parse_captures
from protocols.model.device import DeviceInfo
from protocols.model.observation import CompoundNumericObservation, NumericObservation
from tests.fixtures.gateway import Gateway, held, observations, status_json
from tests.fixtures.oximeter import Oximeter, connect
from tests.fixtures.uplink_peers import HttpCloud
from tests.vectors_folder import PHD_FILE, needs_vectors

BLOOD_PRESSURE = "antidote-bloodpressure"
PEN = "novopen-pmstore"


def play(folder: Path, session: str, more: str = "") -> Path:
    device = f'[[devices]]\nname = "recorded"\ntransport = "replay:{PHD_FILE}#{session}"\n'
    gateway = Gateway.start(folder, device + more, "--exit-when-idle")
    assert gateway.wait() == 0, gateway.log.read_text(encoding="utf-8")
    return gateway.data


@needs_vectors
def test_the_recorded_blood_pressure_readings_are_the_rows(tmp_path: Path) -> None:
    data = play(tmp_path, BLOOD_PRESSURE)
    first, *rest = held(data)
    assert isinstance(first, DeviceInfo)
    pressures = [
        [part.number for _, part in item.components]
        for item in rest
        if isinstance(item, CompoundNumericObservation)
    ]
    assert pressures == [
        [Decimal(123), Decimal(76), Decimal(97)],
        [Decimal(133), Decimal(85), Decimal(96)],
        [Decimal(119), Decimal(71), Decimal(92)],
    ]
    pulses = [item.value.number for item in rest if isinstance(item, NumericObservation)]
    assert pulses == [Decimal(85), Decimal(72), Decimal(67)]
    device = status_json(data)["devices"][0]
    assert (device["reports"], device["confirmed"], device["stored"]) == (3, 3, 6)


@needs_vectors
def test_the_pen_s_stored_records_are_rows(tmp_path: Path) -> None:
    data = play(tmp_path, PEN)
    description = held(data)[0]
    assert isinstance(description, DeviceInfo)
    assert description.manufacturer.startswith("Novo Nordisk")
    assert len(observations(data)) == status_json(data)["devices"][0]["stored"] > 0
    kept = list((data / "configurations").glob("*.json"))
    assert len(kept) == 1
    assert kept[0].stat().st_mode & 0o777 == 0o600


@needs_vectors
def test_a_capture_goes_all_the_way_up_and_the_program_ends_by_itself(tmp_path: Path) -> None:
    cloud = HttpCloud()
    try:
        data = play(tmp_path, BLOOD_PRESSURE, f'[uplink]\nhttp_url = "{cloud.url}"\n')
    finally:
        cloud.close()
    assert observations(data) == []
    assert len(cloud.receiver.rows) == 7


def test_an_uplink_that_is_away_keeps_the_rows_and_says_so(tmp_path: Path) -> None:
    capture = record_one(tmp_path)
    more = (
        f'[[devices]]\nname = "recorded"\ntransport = "replay:{capture}"\n'
        '[uplink]\nhttp_url = "http://127.0.0.1:9"\n'
    )
    flags = ("--exit-when-idle", "--drain-seconds", "0.5")
    gateway = Gateway.start(tmp_path / "away", more, *flags)
    assert gateway.wait() == 2
    assert "rows wait in the buffer" in gateway.log.read_text(encoding="utf-8")
    assert len(observations(gateway.data)) == 4


def test_what_was_recorded_here_plays_again_with_the_same_readings(tmp_path: Path) -> None:
    capture = record_one(tmp_path)
    assert capture.stat().st_mode & 0o777 == 0o600
    messages = next(iter(parse_captures(capture.read_text(encoding="utf-8")).values())).messages
    assert messages[0].direction == AGENT_TO_MANAGER
    device = f'[[devices]]\nname = "again"\ntransport = "replay:{capture}"\n'
    gateway = Gateway.start(tmp_path / "second", device, "--exit-when-idle")
    assert gateway.wait() == 0
    identities = [{item.observation_id for item in observations(data)} for data in (
        tmp_path / "first" / "data", gateway.data)]  # fmt: skip
    assert identities[0] == identities[1]
    assert len(identities[0]) == 4


def record_one(folder: Path) -> Path:
    """A capture of an oximeter's exchange, made by the gateway's own recorder."""
    gateway = Gateway.start(folder / "first")
    line = connect(gateway.agents)
    oximeter = Oximeter(line)
    oximeter.associate()
    oximeter.send_confirmed(1)
    oximeter.send_confirmed(2)
    oximeter.release()
    line.close()
    assert gateway.stop() == 0
    capture = folder / "exported.jsonl"
    data = str(gateway.data)
    assert main(["recorder", "export", "--data", data, "--out", str(capture)]) == 0
    return capture


def test_a_damaged_buffer_is_set_aside_and_told(tmp_path: Path) -> None:
    gateway = Gateway.start(tmp_path)
    assert gateway.stop() == 0
    (gateway.data / "buffer.db").write_bytes(b"not a database at all" * 1000)
    again = Gateway.start(tmp_path)
    assert again.stop() == 0
    recovery = status_json(again.data)["recovery"]
    assert recovery["salvaged"] == 0
    assert (again.data / recovery["set_aside"]).is_file()
    with closing(sqlite3.connect(again.data / "buffer.db")) as database:
        assert database.execute("PRAGMA quick_check").fetchone() == ("ok",)
