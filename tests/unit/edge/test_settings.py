"""Settings: one TOML file, the environment over it, and errors that name key and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.enrolment.identity import Identity
from edge.errors import SettingsError
from edge.settings import EdgeSettings, load_settings
from edge.uplink.policy import Way
from tests.unit.edge.enrolment.authority import Cloud

LEAST = 'gateway_id = "gw-1"\ntenant_id = "t-1"\nvehicle_id = "medic-7"\n'


def load(folder: Path, text: str) -> EdgeSettings:
    path = folder / "edge.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path)


def test_the_least_file_has_sensible_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path, LEAST)
    assert (settings.gateway_id, settings.listen) == ("gw-1", "tcp:0.0.0.0:6024")
    assert settings.devices == ()
    assert settings.uplink.mqtt is None
    assert settings.uplink.https is None
    assert settings.buffer.max_bytes == 1 << 30


def test_every_key_reaches_its_policy(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        LEAST
        + """
gateway_secret = "s3cret"
listen = ""
metrics_listen = "tcp:127.0.0.1:9108"
[[devices]]
name = "ecg"
transport = "serial:/dev/ttyUSB0,115200"
[uplink]
mqtt_url = "mqtts://broker.example:8883"
http_url = "https://cloud.example"
prefer = "https"
batch_rows = 7
fallback_after_seconds = 3
[buffer]
max_bytes = 10000000
[drivers.reopen]
first = 0.5
[transports]
max_connections = 3
[status]
interval_seconds = 2.0
""",
    )
    assert settings.uplink.sender.batch_rows == 7
    assert settings.uplink.choice.prefer is Way.HTTPS
    assert settings.uplink.mqtt is not None
    assert settings.uplink.mqtt.url == "mqtts://broker.example:8883"
    assert settings.buffer.max_bytes == 10_000_000
    assert settings.drivers.reopen.first == 0.5
    assert settings.transports.max_connections == 3
    assert settings.devices[0].transport == "serial:/dev/ttyUSB0,115200"


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_VEHICLE_ID", "medic-9")
    monkeypatch.setenv("EDGE_UPLINK__BATCH_ROWS", "9")
    monkeypatch.setenv("EDGE_BUFFER__MAX_BYTES", "20000000")
    settings = load(tmp_path, LEAST + "[uplink]\nbatch_rows = 5\nin_flight = 2\n")
    assert settings.vehicle_id == "medic-9"
    assert (settings.uplink.batch_rows, settings.uplink.in_flight) == (9, 2)
    assert settings.buffer.max_bytes == 20_000_000


def test_settings_may_come_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_ID", "TENANT_ID", "VEHICLE_ID"):
        monkeypatch.setenv(f"EDGE_{name}", "x")
    assert load_settings(None).gateway_id == "x"


def test_a_secret_shows_nowhere(tmp_path: Path) -> None:
    settings = load(tmp_path, LEAST + 'gateway_secret = "s3cret"\n')
    assert "s3cret" not in repr(settings)
    assert settings.read_secret() == "s3cret"
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, 'gateway_secret = "s3cret"\ngateway_id = "not a name"\n')
    assert "s3cret" not in str(caught.value)


def test_a_secret_may_be_in_a_file_of_its_own(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n", encoding="utf-8")
    assert load(tmp_path, LEAST + f'gateway_secret_file = "{secret}"\n').read_secret() == (
        "from-a-file"
    )
    secret.write_text("", encoding="utf-8")
    with pytest.raises(SettingsError, match="is empty"):
        load(tmp_path, LEAST + f'gateway_secret_file = "{secret}"\n').read_secret()
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path, LEAST + 'gateway_secret_file = "/none"\n').read_secret()


def test_a_file_that_is_named_is_looked_into(tmp_path: Path) -> None:
    joined = tmp_path / "joined"
    Cloud().enrol(joined)
    certificate = Identity(joined).certificate_file
    right = f'certificate_file = "{certificate}"\n[uplink]\nca_file = "{certificate}"\n'
    load(tmp_path, LEAST + right).check_files()
    empty = tmp_path / "empty.pem"
    empty.touch()
    for text, says in (
        ('certificate_file = "/none"\n', "certificate_file /none cannot be read"),
        ('[uplink]\nca_file = "/none"\n', r"uplink\.ca_file /none cannot be read"),
        (f'certificate_file = "{empty}"\n', "does not hold a certificate and its key"),
        (f'[uplink]\nca_file = "{empty}"\n', "does not hold an authority's certificate"),
    ):
        with pytest.raises(SettingsError, match=says):
            load(tmp_path, LEAST + text).check_files()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('tenant_id = "t"\nvehicle_id = "v"\n', r"gateway_id is missing.*EDGE_GATEWAY_ID"),
        (LEAST + "lissten = 1\n", r"lissten is no setting.*spelling"),
        (LEAST + "[uplink]\nmqtt_uri = 1\n", r"uplink\.mqtt_uri is no setting"),
        (LEAST + "[buffer]\nmax_octets = 1\n", r"buffer\.max_octets is no setting"),
        (LEAST + "[buffer]\nmax_bytes = 5\n", r"buffer: max_bytes must be at least"),
        (LEAST + 'listen = "6024"\n', r"listen: the form is tcp:HOST:PORT"),
        (LEAST + 'listen = "tcp:h:99999"\n', r"listen: the form is"),
        (LEAST + 'system_id = "0102"\n', r"system_id: eight octets"),
        (LEAST + 'system_id = "zz"\n', r"system_id: eight octets"),
        (LEAST + '[uplink]\nmqtt_url = "http://h"\n', r"uplink\.mqtt_url: the form is mqtt://"),
        (LEAST + '[uplink]\nmqtt_url = "mqtt://u:p@h"\n', r"holds no name or password"),
        (LEAST + '[uplink]\nmqtt_url = "mqtt://h"\n', r"gateway_secret: needed"),
        (LEAST + '[uplink]\nmqtt_url = "mqtts://h:99999"\n', r"uplink\.mqtt_url: the form is"),
        (LEAST + '[uplink]\nhttp_url = "https://h:abc"\n', r"uplink\.http_url: the form is"),
        (LEAST + '[uplink]\nhttp_url = "https://h:0"\n', r"uplink\.http_url: the form is"),
        (LEAST + '[tracing]\notlp_url = "http://h:-1"\n', r"tracing\.otlp_url: the form is"),
        (LEAST + "[uplink]\nbatch_rows = 0\n", r"batch_rows.*at least 1"),
        (LEAST + "[uplink]\nin_flight = 'many'\n", r"uplink\.in_flight: .*integer"),
        (LEAST + '[[devices]]\nname = "a"\n', r"devices\.0\.transport is missing"),
        (
            LEAST + '[[devices]]\nname = "a"\ntransport = "usb:x"\n',
            r"devices\.0\.transport: no such kind of line.*serial:",
        ),
        (
            LEAST + '[[devices]]\nname = "a"\ntransport = "tcp:here"\n',
            r"devices\.0\.transport: .*the form is tcp:HOST:PORT",
        ),
        (
            LEAST + 2 * '[[devices]]\nname = "a"\ntransport = "tcp:h:1"\n',
            r"two are named 'a'",
        ),
        (LEAST + 'gateway_secret = "a"\ngateway_secret_file = "b"\n', r"exclude each other"),
        ("gateway_id = ", r"is not TOML"),
    ],
)
def test_a_wrong_file_is_told_with_the_key_and_the_mend(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        load(tmp_path, text)
    assert "\n" not in str(caught.value)
    assert caught.value.mend


def test_a_variable_of_another_product_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GATEWAY_ID", "TENANT_ID", "VEHICLE_ID", "FUNCTION_RUNTIME"):
        monkeypatch.setenv(f"EDGE_{name}", "x")
    assert load_settings(None).vehicle_id == "x"


def test_a_misspelt_variable_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_UPLNK__MQTT_URL", "mqtt://h")
    with pytest.raises(SettingsError, match="EDGE_UPLNK__MQTT_URL is no setting"):
        load_settings(None)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("EDGE_BUFFER", "abc", r"^the environment variable EDGE_BUFFER holds no JSON"),
        ("EDGE_UPLINK__FOO", "1", r"no setting.* in the environment variable EDGE_UPLINK__FOO"),
        ("EDGE_LISTEN", "6024", r"listen: .* in the environment variable EDGE_LISTEN"),
        ("EDGE_BUFFER", '{"max_bytes": 5}', r"buffer: .* in the environment variable EDGE_BUFFER"),
        ("EDGE_BUFFER__MAX_BYTES", "5", r"buffer: .* with the environment's EDGE_BUFFER__MAX_"),
    ],
)
def test_a_wrong_variable_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, says: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=says) as caught:
        load(tmp_path, LEAST)
    assert "\n" not in str(caught.value)
