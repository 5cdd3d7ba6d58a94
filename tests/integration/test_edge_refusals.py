"""Starts of the gateway that cannot be: one clear line, and the exit code 2."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge.__main__ import main
from tests.fixtures.gateway import Gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    gateway = Gateway.start(tmp_path)
    yield gateway
    gateway.stop()


@dataclass(frozen=True)
class Refusal:
    """What a start that cannot be says, and on which stream."""

    said: str
    out: str


Refused = Callable[..., Refusal]


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    """Start the program here; it says in one line why it cannot and ends with 2."""

    def start(*arguments: str) -> Refusal:
        assert main(arguments) == 2
        captured = capsys.readouterr()
        lines = [line for line in captured.err.splitlines() if not line.startswith("at=")]
        assert len(lines) == 1, captured.err
        assert lines[0].startswith("vitalwire-edge: ")
        return Refusal(lines[0], captured.out)

    return start


def test_a_taken_port_is_one_clear_line(gateway: Gateway, tmp_path: Path, refused: Refused) -> None:
    config = tmp_path / "second.toml"
    config.write_text(
        'gateway_id="b"\ntenant_id="t"\nvehicle_id="v"\n'
        f'data="{tmp_path / "other"}"\nlisten="{gateway.agents}"\n',
        encoding="utf-8",
    )
    assert "is taken by another program" in refused("run", "--config", str(config)).said


def test_a_data_folder_in_use_is_one_clear_line(
    gateway: Gateway, tmp_path: Path, refused: Refused
) -> None:
    assert gateway.process.poll() is None
    done = refused("run", "--config", str(tmp_path / "edge.toml"))
    assert "another gateway uses the data folder" in done.said


def test_an_unreadable_config_is_one_clear_line(tmp_path: Path, refused: Refused) -> None:
    missing = refused("run", "--config", str(tmp_path / "none.toml"))
    assert "cannot be read" in missing.said
    broken = tmp_path / "broken.toml"
    broken.write_text("gateway_id = ", encoding="utf-8")
    assert "is not TOML" in refused("run", "--config", str(broken)).said


def test_a_full_disk_at_the_start_is_one_clear_line(tmp_path: Path, refused: Refused) -> None:
    config = tmp_path / "full.toml"
    config.write_text(
        f'gateway_id="b"\ntenant_id="t"\nvehicle_id="v"\ndata="{tmp_path / "data"}"\n'
        f"[buffer]\ndisk_reserve_bytes = {1 << 55}\n",
        encoding="utf-8",
    )
    done = refused("run", "--config", str(config))
    assert "the disk has no room" in done.said
    assert "Free space" in done.said


def test_a_missing_recording_is_one_clear_line_before_the_start(
    tmp_path: Path, refused: Refused
) -> None:
    config = tmp_path / "replay.toml"
    config.write_text(
        f'gateway_id="b"\ntenant_id="t"\nvehicle_id="v"\ndata="{tmp_path / "data"}"\n'
        f'[[devices]]\nname="r"\ntransport="replay:{tmp_path / "none.jsonl"}"\n',
        encoding="utf-8",
    )
    done = refused("run", "--config", str(config))
    assert f"{tmp_path / 'none.jsonl'} cannot be read" in done.said
    assert done.out == "", "it was never ready"
