"""Settings: where they come from and how wrong ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud.settings import CloudSettings, SettingsFaultError, read_settings


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text('port = 1\nhost = "file"\nmqtt_port = 1\n', encoding="utf-8")
    monkeypatch.setenv("CLOUD_PORT", "2")
    monkeypatch.setenv("CLOUD_HOST", "environment")
    settings = read_settings(config, {"port": 3})
    assert (settings.port, settings.host, settings.mqtt_port) == (3, "environment", 1)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nonsense = 1", '"nonsense"'),
        ('port = "x"', '"port"'),
        ("port = 70000", '"port"'),
        ("device_silence_seconds = 0", '"device_silence_seconds"'),
        ('trusted_proxies = "10.0.0.0/8 proxy"', '"trusted_proxies"'),
        ('outbound_networks = "10.0.0.1/8"', '"outbound_networks"'),
        ('outbound_proxy = "https://proxy:3128"', "http://host:port"),
        ('trusted_proxies = "10.0.0.5"\nclient_certificate_header = "a b"', "no name of a header"),
        ('limit_administration = "many"', '"limit_administration"'),
        ('log_level = "LOUD"', '"log_level"'),
        ("port = ", "cannot be read"),
    ],
)
def test_a_wrong_file_is_named_by_its_key(tmp_path: Path, text: str, named: str) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsFaultError, match=named):
        read_settings(config, {})


def test_a_certificate_header_without_a_list_of_proxies_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text('client_certificate_header = "X-Client-Cert"', encoding="utf-8")
    with pytest.raises(SettingsFaultError, match="trusted_proxies must list"):
        read_settings(config, {})
    config.write_text(
        'client_certificate_header = "X-Client-Cert"\ntrusted_proxies = "10.0.0.0/8 ::1"',
        encoding="utf-8",
    )
    assert read_settings(config, {}).client_certificate_header == "X-Client-Cert"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("retention_waveform_days = 30\nretention_reading_days = 20", "retention_reading_days"),
        (
            "retention_waveform_days = 9\nretention_reading_days = 30\nretention_record_days = 20",
            "retention_record_days",
        ),
        ("retention_record_days = 20", "retention_record_days"),
    ],
)
def test_what_holds_the_rest_is_kept_as_long(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text(text)
    with pytest.raises(SettingsFaultError, match=named):
        read_settings(file, {})
    file.write_text("retention_waveform_days = 30\nretention_reading_days = 30")
    assert read_settings(file, {}).retention_record_days == 0


def test_an_unknown_key_is_called_unknown(tmp_path: Path) -> None:
    config = tmp_path / "cloud.toml"
    config.write_text("prot = 1", encoding="utf-8")
    with pytest.raises(SettingsFaultError) as told:
        read_settings(config, {})
    assert str(told.value) == (
        '"prot" is no setting of the cloud. Remove it or correct its spelling'
    )


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsFaultError, match="absent"):
        read_settings(tmp_path / "absent.toml", {})


def test_an_unknown_variable_is_named_but_another_products_is_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOUD_SDK_VERSION", "1")
    assert read_settings(None, {"port": 3}).port == 3
    monkeypatch.setenv("CLOUD_MQTT_PROT", "1")
    with pytest.raises(SettingsFaultError, match="CLOUD_MQTT_PROT"):
        read_settings(None, {})


def test_settings_are_frozen_and_hide_the_database_password() -> None:
    settings = CloudSettings(database_url="postgresql+psycopg://u:hunter2@h/d")
    assert "hunter2" not in repr(settings)
    assert settings.database == "postgresql+psycopg://u:hunter2@h/d"
    with pytest.raises(ValueError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # that it cannot be set is what is tested
