"""What an operator sets: one TOML file, each key overridable by `CLOUD_<KEY>`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
    TomlConfigSettingsSource,
)

MAX_PORT: Final = 65_535


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
        env_prefix="CLOUD_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    data: Path = Path("vitalwire-data")
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=MAX_PORT)
    database_url: SecretStr | None = None
    public_url: str = ""
    migrate: bool = True
    broker: bool = True
    ingest: bool = True
    worker: bool = True
    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = Field(default=1883, ge=0, le=MAX_PORT)
    mqtt_url: str = ""
    mqtt_username: str = ""
    mqtt_password_file: Path | None = None
    max_body_octets: int = Field(default=1_048_576, ge=1024)
    max_batch_octets: int = Field(default=4_194_304, ge=1024)
    token_lifetime_seconds: int = Field(default=3600, ge=60, le=86_400)
    device_silence_seconds: float = Field(default=60.0, gt=0)
    log_level: str = Field(default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")

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


def read_settings(config: Path | None, given: dict[str, Any]) -> CloudSettings:
    """The settings of a file, the environment and the command line (the last wins).

    SettingsFaultError for a file that cannot be read and for any wrong or unknown key.
    """
    if config is not None and not config.is_file():
        raise SettingsFaultError(f"the file {config} cannot be read. Give --config a TOML file")

    class FromFile(CloudSettings):
        model_config = SettingsConfigDict(toml_file=config)

    try:
        return FromFile(**given)
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        raise SettingsFaultError(
            f'the setting "{key}" is wrong: {first["msg"]}. Correct it in the file, '
            f"as CLOUD_{key.upper()} or on the command line"
        ) from exc
    except (SettingsError, OSError, ValueError) as exc:
        raise SettingsFaultError(f"the settings cannot be read: {exc}. Correct the file") from exc
