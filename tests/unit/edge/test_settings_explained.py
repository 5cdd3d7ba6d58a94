"""The settings file with every key explained."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.settings import load_settings
from edge.settings.explained import ExplainedKey, as_toml, explained_keys, settings_file
from edge.supervision import BackoffPolicy

KEYS = tuple(explained_keys())
FILLED = {"gateway_id": "gw-1", "tenant_id": "t-1", "vehicle_id": "medic-7"}


def filled(text: str) -> str:
    for name, value in FILLED.items():
        text = text.replace(f'\n{name} = ""', f'\n{name} = "{value}"')
    return text


@pytest.mark.parametrize("key", KEYS, ids=lambda key: ".".join((*key.path, key.name)))
def test_every_key_is_explained(key: ExplainedKey) -> None:
    assert len(key.meaning.split()) >= 2, "write its meaning as Annotated[type, 'meaning']"


def test_the_printed_file_filled_in_is_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(filled(settings_file()), encoding="utf-8")
    least = tmp_path / "least.toml"
    least.write_text("\n".join(f'{k} = "{v}"' for k, v in FILLED.items()), encoding="utf-8")
    assert load_settings(path).model_dump() == load_settings(least).model_dump()


def test_every_commented_key_can_be_taken_as_it_stands(tmp_path: Path) -> None:
    """Each line with its mark taken away is TOML, and the defaults are accepted as values."""
    lines = filled(settings_file()).splitlines()
    whole = [
        line[1:] if line.startswith("#") and not line.startswith(("# ", "#[[")) else line
        for line in lines
    ]
    devices = next(i for i, line in enumerate(lines) if line.startswith("#[["))
    del whole[devices:]
    path = tmp_path / "edge.toml"
    path.write_text("\n".join(whole), encoding="utf-8")
    tomllib.loads("\n".join(whole))
    assert load_settings(path).gateway_id == "gw-1"


def test_a_key_knows_its_environment_variable() -> None:
    (key,) = [k for k in KEYS if (k.path, k.name) == (("drivers", "reopen"), "first")]
    assert key.variable == "EDGE_DRIVERS__REOPEN__FIRST"
    assert key.default == BackoffPolicy().first


def test_a_default_with_no_form_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError, match="no TOML form"):
        as_toml(object())


def test_the_command_prints_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["settings"]) == 0
    assert capsys.readouterr().out == settings_file()


def test_the_command_checks_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(filled(settings_file()), encoding="utf-8")
    assert main(["settings", "--check", str(path)]) == 0
    assert "gateway gw-1" in capsys.readouterr().out
    path.write_text('gateway_id = "gw-1"\nvehicle = "x"\n', encoding="utf-8")
    assert main(["settings", "--check", str(path)]) == 2
    assert "tenant_id" in capsys.readouterr().err
