"""What an operator sets: one TOML file, each key overridable by `CLOUD_<KEY>`."""

from __future__ import annotations

import ipaddress
import os
import re
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

PREFIX: Final = "CLOUD_"
# How alike a variable's name must be to count as a misspelling of one of ours.
LIKENESS: Final = 0.8
MAX_PORT: Final = 65_535
HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,60}")
PROXY: Final = re.compile(r"http://(\[[0-9a-f:]+\]|[A-Za-z0-9._-]+):[1-9][0-9]{1,4}/?")
LIMIT: Final = re.compile(r"[1-9][0-9]{0,6}/(second|minute|hour|day)")


class SettingsFaultError(Exception):
    """A setting is unreadable or wrong; the message names the key or the file and the mend."""


class CloudSettings(BaseSettings):
    """The settings of `vitalwire-cloud`. Port 0 takes a free port and says which one.

    `database_url` empty: SQLite in `data`. `public_url` is the issuer of tokens; empty: the
    address listened on. `mqtt_url` names a broker elsewhere for `ingest` (`mqtt://host:1883`,
    `mqtts://...`), with `mqtt_username` and the password in `mqtt_password_file`; empty: the
    embedded one at `mqtt_host`:`mqtt_port`.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data: Path = Field(
        default=Path("vitalwire-data"),
        description="folder of the embedded database and of the keys that open it",
    )
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(
        default=8000,
        ge=0,
        le=MAX_PORT,
        description="port to listen on; 0: a free one, told in the ready line",
    )
    database_url: SecretStr | None = Field(
        default=None, description="`postgresql+psycopg://...`; empty: SQLite in the data folder"
    )
    public_url: str = Field(
        default="", description="issuer of tokens; empty: the address listened on"
    )
    migrate: bool = Field(default=True, description="bring the schema up to date at the start")
    broker: bool = Field(default=True, description="carry the embedded broker")
    ingest: bool = Field(default=True, description="carry the ingest")
    worker: bool = Field(default=True, description="carry the worker")
    worker_host: str = Field(
        default="127.0.0.1", description="where a worker that runs alone shows health and metrics"
    )
    worker_port: int | None = Field(
        default=None,
        ge=0,
        le=MAX_PORT,
        description="its port for that; none: it shows nothing, 0: a free one",
    )
    mqtt_host: str = Field(default="127.0.0.1", description="the embedded broker's address")
    mqtt_port: int = Field(
        default=1883, ge=0, le=MAX_PORT, description="the embedded broker's port; 0: a free one"
    )
    mqtt_url: str = Field(
        default="", description="the ingest's broker, when it is not the embedded one"
    )
    mqtt_username: str = Field(default="", description="the ingest's name there")
    mqtt_password_file: Path | None = Field(
        default=None, description="a file with the ingest's password there"
    )
    tls_hosts: str = Field(
        default="",
        description="names or addresses of this server, with commas: its certificate is of the "
        "fleet's own authority then",
    )
    tls_certificate_file: Path | None = Field(
        default=None, description="the servers' certificate of another authority, PEM"
    )
    tls_key_file: Path | None = Field(default=None, description="its key, PEM")
    mqtts_host: str = Field(
        default="", description="the embedded broker's address for TLS; empty: as mqtt_host"
    )
    mqtts_port: int = Field(
        default=8883,
        ge=0,
        le=MAX_PORT,
        description="the embedded broker's port for TLS, if there is TLS; 0: a free one",
    )
    gateway_http_url: str = Field(
        default="", description="where gateways that join find the API; empty: public_url"
    )
    gateway_mqtt_url: str = Field(
        default="", description="where they find the broker; empty: the embedded one's address"
    )
    max_body_octets: int = Field(default=1_048_576, ge=1024, description="the largest request")
    max_batch_octets: int = Field(
        default=4_194_304,
        ge=1024,
        description="the largest batch of a gateway over HTTP, and the largest photograph",
    )
    token_lifetime_seconds: int = Field(
        default=3600, ge=60, le=86_400, description="how long an access token lives"
    )
    saml_clock_skew_seconds: int = Field(
        default=60,
        ge=0,
        le=300,
        description="how far the clock of an identity provider (SAML) may be off",
    )
    outbound_networks: str = Field(
        default="",
        description="networks (CIDR, with spaces) besides the public ones that addresses of "
        "others (webhooks, hospitals, key sets) may lead to",
    )
    outbound_proxy: str = Field(
        default="",
        description="`http://host:port` of a proxy that calls out go through (CONNECT with the "
        "address that was checked), but for outbound_networks",
    )
    exchange_timeout_seconds: float = Field(
        default=30, ge=1, le=300, description="how long a hospital may take for one answer"
    )
    exchange_couriers: int = Field(
        default=4, ge=1, le=32, description="to how many hospitals at once the worker sends"
    )
    job_runners: int = Field(
        default=1, ge=1, le=16, description="how many jobs the worker does at once"
    )
    webhook_senders: int = Field(
        default=16, ge=1, le=64, description="to how many webhooks at once the worker sends"
    )
    webhook_timeout_seconds: float = Field(
        default=10, ge=1, le=60, description="how long a webhook may take for one answer"
    )
    trusted_proxies: str = Field(
        default="",
        description="proxies in front (addresses or CIDR, with spaces) whose word on the client's "
        "address and certificate is believed",
    )
    client_certificate_header: str = Field(
        default="",
        description="the header those proxies pass the client's certificate in, such as "
        "`X-Forwarded-Client-Cert`; empty: none is believed",
    )
    limit_tokens_by_address: str = Field(
        default="600/minute",
        description="requests at token endpoints from one address; empty: no limit",
    )
    limit_tokens_by_client: str = Field(
        default="300/minute",
        description="tokens of one client; empty: no limit",
    )
    limit_administration: str = Field(
        default="300/minute",
        description="administrative calls of one client; empty: no limit",
    )
    limit_operations: str = Field(
        default="600/minute",
        description="GraphQL operations of one client; empty: no limit",
    )
    limit_login_by_address: str = Field(
        default="30/minute",
        description="attempts to sign in from one address; empty: no limit",
    )
    retention_waveform_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="how long waveforms are kept where a tenant says nothing; 0: for ever",
    )
    retention_reading_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="how long other readings are kept, at least as long as waveforms; 0: for ever",
    )
    retention_record_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="how long an encounter is kept with all that is known of it, at least as long "
        "as readings; 0: for ever",
    )
    device_silence_seconds: float = Field(
        default=60.0, gt=0, description="after this silence a device counts as offline"
    )
    log_level: str = Field(
        default="INFO",
        pattern="^(DEBUG|INFO|WARNING|ERROR)$",
        description="DEBUG, INFO, WARNING or ERROR",
    )

    tracing_url: str = Field(
        default="",
        description="an OpenTelemetry collector that takes OTLP over HTTP; empty: no tracing",
    )
    sandbox_host: str = Field(
        default="",
        description="the host that takes sandbox tokens and no others; empty: `sandbox.` before "
        "the host of the issuer, or `sandbox.localhost`",
    )
    trace_share: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="the share of calls whose trace is kept for /v1/observability/traces, where "
        "the caller says nothing in `traceparent`",
    )
    trace_days: int = Field(default=7, ge=1, le=90, description="how long traces are kept")
    trace_spans: int = Field(
        default=100_000, ge=1000, le=10_000_000, description="how many spans of a tenant are kept"
    )
    log_format: str = Field(
        default="text", pattern="^(text|json)$", description="form of the log lines: text or json"
    )

    @field_validator("outbound_networks", "trusted_proxies")
    @classmethod
    def _are_networks(cls, given: str) -> str:
        for word in given.split():
            ipaddress.ip_network(word)
        return given

    @field_validator("outbound_proxy")
    @classmethod
    def _is_proxy(cls, given: str) -> str:
        if given and not PROXY.fullmatch(given):
            raise ValueError("write it as http://host:port")
        return given

    @field_validator("client_certificate_header")
    @classmethod
    def _has_proxies(cls, given: str, info: ValidationInfo) -> str:
        if given and not HEADER_NAME.fullmatch(given):
            raise ValueError("it is no name of a header")
        if given and not str(info.data.get("trusted_proxies", "")).split():
            raise ValueError(
                "whoever can reach the server could send it, so trusted_proxies must list the "
                "proxies that may"
            )
        return given

    @field_validator("retention_reading_days", "retention_record_days")
    @classmethod
    def _is_no_shorter(cls, given: int, info: ValidationInfo) -> int:
        """What holds the others is kept as long as they are."""
        inner = {"retention_reading_days": "retention_waveform_days"}.get(
            info.field_name or "", "retention_reading_days"
        )
        least = info.data.get(inner, 0)
        if given and (not least or given < least):
            raise ValueError(f"it must be 0, or as long as {inner} at least")
        return given

    @field_validator(
        "limit_tokens_by_address",
        "limit_tokens_by_client",
        "limit_administration",
        "limit_operations",
        "limit_login_by_address",
    )
    @classmethod
    def _is_limit(cls, given: str) -> str:
        if given and not LIMIT.fullmatch(given):
            raise ValueError("write it as 60/minute, or leave it empty")
        return given

    @property
    def database(self) -> str | None:
        """The database URL, None for the embedded one."""
        return self.database_url.get_secret_value() if self.database_url else None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Command line, then environment, then the file; no hidden sources."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def _refuse_misspelt_variables() -> None:
    """A name close to one of ours is a typing error; any other belongs to another product."""
    known = [f"{PREFIX}{name.upper()}" for name in CloudSettings.model_fields]
    for variable in sorted(os.environ):
        name = variable.upper()
        if not name.startswith(PREFIX) or name in known:
            continue
        if meant := get_close_matches(name, known, n=1, cutoff=LIKENESS):
            raise SettingsFaultError(
                f"the environment variable {variable} is no setting of the cloud, "
                f"{meant[0]} is. Correct its spelling or unset it"
            )


def read_settings(config: Path | None, given: dict[str, Any]) -> CloudSettings:
    """The settings of a file, the environment and the command line (the last wins).

    SettingsFaultError for a file that cannot be read and for any wrong or unknown key.
    """
    if config is not None and not config.is_file():
        raise SettingsFaultError(f"the file {config} cannot be read. Give --config a TOML file")

    _refuse_misspelt_variables()

    class FromFile(CloudSettings):
        model_config = SettingsConfigDict(toml_file=config)

    try:
        return FromFile(**given)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise SettingsFaultError(
                f'"{key}" is no setting of the cloud. Remove it or correct its spelling'
            ) from exc
        raise SettingsFaultError(
            f'the setting "{key}" is wrong: {first["msg"]}. Correct it in the file, '
            f"as CLOUD_{key.upper()} or on the command line"
        ) from exc
    except (SettingsError, OSError, ValueError) as exc:
        raise SettingsFaultError(f"the settings cannot be read: {exc}. Correct the file") from exc
