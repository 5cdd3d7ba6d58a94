"""Commands of administration look at what there is: a wrong folder is told, never filled."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.core.kernel.vault import KEY_FILE
from cloud.db.engine import SQLITE_FILE
from tests.fixtures.cloud import Installation
from tests.postgres import PostgresServer

COMMANDS = (
    ("audit", "verify"),
    ("keys", "rotate"),
    ("apps", "list", "--tenant", "ten_1"),
    ("users", "list", "--tenant", "ten_1"),
    ("gateways", "list", "--tenant", "ten_1"),
)


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command says that finds nothing to work on."""
    assert main(words) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


def test_a_mistyped_folder_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typo = tmp_path / "typo"
    for command, *act in COMMANDS:
        error = refusal(capsys, command, "--data", str(typo), *act)
        assert f"there is no database in {typo}. Correct --data" in error
        url = f"sqlite:///{typo}/other.sqlite3"
        error = refusal(capsys, command, "--data", str(tmp_path), "--database-url", url, *act)
        assert "there is no database" in error
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_its_master_key_gets_no_other_one(
    embedded: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    data = embedded.parts.settings.data
    (data / KEY_FILE).rename(data / "elsewhere")
    assert f"there is no {KEY_FILE} in {data}" in refusal(
        capsys, "audit", "--data", str(data), "verify"
    )
    assert not (data / KEY_FILE).exists()


def test_a_database_nobody_prepared_stays_empty(
    tmp_path: Path, postgres: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"k" * 32)
    words = ("audit", "--data", str(tmp_path), "--database-url", postgres.new_database(), "verify")
    for _ in range(2):
        assert "the database is empty" in refusal(capsys, *words)
    (tmp_path / SQLITE_FILE).touch()
    assert "the database is empty" in refusal(capsys, "audit", "--data", str(tmp_path), "verify")
