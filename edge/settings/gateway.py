"""All that an operator sets, as one frozen value."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from edge.buffer.policy import BufferPolicy
from edge.crew.policy import CrewPolicy
from edge.drivers.policy import DriverPolicy
from edge.errors import SettingsError
from edge.recorder.policy import RecorderPolicy
from edge.settings.bluetooth import BluetoothSettings
from edge.settings.devices import DeviceSettings
from edge.settings.enrolment import EnrolmentSettings
from edge.settings.fields import Listen, Name, SystemIdText
from edge.settings.tracing import TracingSettings
from edge.settings.uplink import UplinkSettings
from edge.status.policy import StatusPolicy
from edge.supervision import SupervisionPolicy
from edge.transports.policy import TransportPolicy
from edge.uplink.way_out import StationPolicy

PREFIX: Final = "EDGE_"


@contextmanager
def _named(key: str, path: str, content: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        what = f"does not hold {content}" if isinstance(exc, ssl.SSLError) else "cannot be read"
        raise SettingsError(
            f"{key} {path} {what}",
            mend=f"Put {content} there, PEM, readable by the gateway's user",
        ) from exc


class EdgeSettings(BaseSettings):
    """The gateway's settings. Secrets never show in `repr` or in an error."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        hide_input_in_errors=True,
    )

    gateway_id: Name = Field(description="who this gateway is, from the cloud's bootstrap")
    tenant_id: Name = Field(description="whose gateway it is, from the cloud's bootstrap")
    vehicle_id: Name = Field(description="the vehicle it rides in, as dispatch calls it")
    gateway_secret: SecretStr = Field(
        default=SecretStr(""), description="the gateway's secret; better in a file"
    )
    gateway_secret_file: str = Field(
        default="", description="a file that holds the secret and nothing else"
    )
    certificate_file: str = Field(
        default="",
        description="the gateway's certificate and key, PEM; `vitalwire-edge enrol` sets it",
    )
    system_id: SystemIdText = Field(
        default="", description="own EUI-64, 16 hexadecimal digits; empty: made once and kept"
    )
    data: Path = Field(
        default=Path("edge-data"), description="folder of the buffer, on a disk that keeps its word"
    )
    listen: Listen = Field(
        default="tcp:0.0.0.0:6024", description="where plain 20601 agents connect; empty: nowhere"
    )
    metrics_listen: Listen = Field(default="", description="where Prometheus reads; empty: nowhere")
    devices: tuple[DeviceSettings, ...] = Field(
        default=(), description="devices the gateway calls: `name` and `transport` each"
    )
    bluetooth: BluetoothSettings = BluetoothSettings()
    uplink: UplinkSettings = UplinkSettings()
    enrolment: EnrolmentSettings = EnrolmentSettings()
    tracing: TracingSettings = TracingSettings()
    buffer: BufferPolicy = BufferPolicy()
    drivers: DriverPolicy = DriverPolicy()
    transports: TransportPolicy = TransportPolicy()
    status: StatusPolicy = StatusPolicy()
    supervision: SupervisionPolicy = SupervisionPolicy()
    crew: CrewPolicy = CrewPolicy()
    recorder: RecorderPolicy = RecorderPolicy()
    station: StationPolicy = StationPolicy()

    @model_validator(mode="after")
    def _check_together(self) -> EdgeSettings:
        names = [device.name for device in self.devices]
        names += [device.name for device in self.bluetooth.devices]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(f"devices: two are named {doubles[0]!r}; give each its own name")
        if self.gateway_secret.get_secret_value() and self.gateway_secret_file:
            raise ValueError("gateway_secret and gateway_secret_file exclude each other; keep one")
        has_way = self.uplink.mqtt_url or self.uplink.http_url
        has_secret = self.gateway_secret.get_secret_value() or self.gateway_secret_file
        if has_way and not (has_secret or self.certificate_file):
            raise ValueError("gateway_secret: needed for the uplink; set it or gateway_secret_file")
        return self

    def check_files(self) -> None:
        """Every file it names can be read and holds what it should; SettingsError names the first
        that does not.
        """
        self.read_secret()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.uplink.ca_file:
            with _named("uplink.ca_file", self.uplink.ca_file, "an authority's certificate"):
                context.load_verify_locations(self.uplink.ca_file)
        if self.certificate_file:
            with _named("certificate_file", self.certificate_file, "a certificate and its key"):
                context.load_cert_chain(self.certificate_file, password="")

    def read_secret(self) -> str:
        """The gateway's secret; SettingsError when its file cannot be read."""
        if not self.gateway_secret_file:
            return self.gateway_secret.get_secret_value()
        try:
            secret = Path(self.gateway_secret_file).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingsError(
                f"gateway_secret_file {self.gateway_secret_file} cannot be read",
                mend="Put the secret there, readable by the gateway's user",
            ) from exc
        if not secret:
            raise SettingsError(
                f"gateway_secret_file {self.gateway_secret_file} is empty",
                mend="Put the secret there",
            )
        return secret
