"""The settings file with every key explained."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from edge.__main__ import main
from edge.errors import SettingsError
from edge.settings import load_settings
from edge.settings.explained import ExplainedKey, as_toml, explained_keys, settings_file
from edge.supervision import BackoffPolicy
from tests.unit.edge.enrolment.authority import Cloud

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


def test_the_printed_file_leaves_an_enrolled_gateway_what_it_was_told(tmp_path: Path) -> None:
    Cloud().enrol(tmp_path)
    path = tmp_path / "edge.toml"
    path.write_text(
        settings_file().replace('#data = "edge-data"', f'data = "{tmp_path}"'), encoding="utf-8"
    )
    loaded = load_settings(path)
    assert (loaded.gateway_id, loaded.tenant_id, loaded.vehicle_id) == ("gw_1", "ten_1", "AMB-7")
    assert main(["settings", "--check", str(path)]) == 0


def test_the_printed_file_alone_asks_to_be_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "edge.toml"
    path.write_text(settings_file(), encoding="utf-8")
    with pytest.raises(SettingsError, match="gateway_id is missing"):
        load_settings(path)


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
