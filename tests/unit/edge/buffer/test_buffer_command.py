"""vitalwire-edge buffer: what waits is shown, carried away, mended, led up and back."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import FILE_NAME, open_store
from edge.buffer.schema import FORM
from edge.status.file import sole_use
from protocols.uplink.codec import decode_batch
from tests.unit.edge.buffer import form_1
from tests.unit.edge.buffer.breaking import break_side_page
from tests.unit.edge.making import NOON, alarm, device_info, ecg, spo2

CONTENTS = (device_info(), spo2(1), ecg(2), alarm(3), spo2(4))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    policy = BufferPolicy(disk_reserve_bytes=0)
    store = open_store(data, policy=policy, vehicle_id="medic-7", now=NOON).store
    with store.transaction():
        store.append(pack_rows(CONTENTS, captured_at=NOON, octets="line-1@0+58"))
    store.close()
    (tmp_path / "edge.toml").write_text(
        f'gateway_id = "gw-1"\ntenant_id = "t-1"\nvehicle_id = "medic-7"\ndata = "{data}"\n',
        encoding="utf-8",
    )
    return data


def said(capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> str:
    assert main([str(argument) for argument in ("buffer", *arguments)]) == code
    captured = capsys.readouterr()
    return captured.out + captured.err


def test_it_shows_what_waits(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "show", "--data", folder)
    assert f"form      {FORM}\n" in text
    assert "events    1 rows wait" in text
    assert "numerics  3 rows wait" in text
    assert "5 rows stored" in text
    overview = json.loads(said(capsys, "show", "--data", folder, "--json"))
    assert overview["waiting"] == {"events": 1, "numerics": 3, "waveforms": 1}
    assert {row["stream"] for row in overview["epochs"]} == {"events", "numerics", "waveforms"}


def test_it_shows_and_exports_beside_a_running_gateway(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sole_use(folder):
        assert "rows wait" in said(capsys, "show", "--data", folder)
        assert len(said(capsys, "export", "--data", folder).splitlines()) == 6


def test_lines_carry_key_and_row(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "stick" / "rows.jsonl"
    path.parent.mkdir()
    text = said(capsys, "export", "--data", folder, "--to", path, "--lane", "numerics")
    assert "3 rows exported; they wait as before" in text
    assert path.stat().st_mode & 0o077 == 0
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {line["stream"] for line in lines} == {"numerics"}
    assert {line["vehicle_id"] for line in lines} == {"medic-7"}
    assert [line["row"][0] for line in lines] == [1, 2, 3]
    assert [line["row"][2][0] for line in lines] == ["d", "n", "n"]


@pytest.mark.usefixtures("folder")
def test_batches_can_be_carried_to_the_cloud_and_keep_their_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stick = tmp_path / "stick"
    for _ in range(2):
        said(capsys, "export", "--config", tmp_path / "edge.toml", "--as", "batches", "--to", stick)
    found = [decode_batch(path.read_bytes()) for path in sorted(stick.iterdir())]
    assert len(found) == 3, "one a lane, and the same files the second time"
    contents = {row.content for batch in found for row in batch.rows}
    assert contents == set(CONTENTS)
    assert {row.octets for batch in found for row in batch.rows} == {"line-1@0+58"}
    assert {(batch.gateway_id, batch.vehicle_id) for batch in found} == {("gw-1", "medic-7")}


def test_batches_need_to_know_whose_they_are(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = said(capsys, "export", "--data", folder, "--as", "batches", code=2)
    assert "--to and --config" in text


def test_an_export_that_cannot_be_written_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (folder, folder / "none" / "rows.jsonl"):
        assert f"{path} cannot be written" in said(
            capsys, "export", "--data", folder, "--to", path, code=2
        )
    batches = ("export", "--config", folder.parent / "edge.toml", "--as", "batches")
    taken = folder.parent / "edge.toml"
    assert f"{taken} cannot be written" in said(capsys, *batches, "--to", taken, code=2)


@pytest.mark.parametrize("action", ["repair", "upgrade", "downgrade"])
def test_what_would_harm_a_running_gateway_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    with sole_use(folder):
        assert "another gateway uses" in said(capsys, action, "--data", folder, code=2)


@pytest.mark.parametrize("action", ["show", "export", "repair", "upgrade", "downgrade"])
def test_a_folder_without_a_buffer_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    assert "no buffer" in said(capsys, action, "--data", tmp_path, code=2)
    assert "no data folder" in said(capsys, action, "--data", tmp_path / "none", code=2)


def test_led_back_an_older_gateway_reads_it_and_led_up_this_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"form {FORM} led back to {FORM - 1}" in said(capsys, "downgrade", "--data", folder)
    assert "numerics  3 rows wait" in said(capsys, "show", "--data", folder)
    assert "led back to 1" in said(capsys, "downgrade", "--data", folder, "--to", 1)
    assert {item.row.content for item in form_1.read(folder / FILE_NAME)} == set(CONTENTS)
    assert "form      1 (newest" in said(capsys, "show", "--data", folder)
    assert "older form" in said(capsys, "export", "--data", folder, code=2)
    assert f"form 1 led up to {FORM}" in said(capsys, "upgrade", "--data", folder)
    assert f"form {FORM} already" in said(capsys, "upgrade", "--data", folder)
    assert len(said(capsys, "export", "--data", folder).splitlines()) == 6
    assert "no form 7" in said(capsys, "downgrade", "--data", folder, "--to", 7, code=2)


def test_a_broken_file_is_set_aside_and_read(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is whole" in said(capsys, "repair", "--config", tmp_path / "edge.toml")
    path = folder / FILE_NAME
    break_side_page(path)
    assert "5 rows read from it" in said(capsys, "repair", "--data", folder)
    assert "set aside buffer-damaged-" in said(capsys, "show", "--data", folder)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE held SET crc = crc + 1 WHERE stream = 0")
        database.commit()
    assert "2 rows exported" in said(capsys, "export", "--data", folder), "damaged ones are not"
