"""What an operator sets: one TOML file, each key overridable by the environment (EDGE_...).

The keys are the fields of `EdgeSettings`; nested ones are written `[uplink]` in the file and
`EDGE_UPLINK__MQTT_URL` in the environment. Only `app` and `__main__` read this; every room gets
its own policy.
"""

from __future__ import annotations

import os
import re
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from pydantic_settings import SettingsError as SourceError

from edge.buffer.policy import BufferPolicy
from edge.drivers.policy import DriverPolicy
from edge.errors import SettingsError
from edge.status.policy import StatusPolicy
from edge.transports.policy import TransportPolicy
from edge.transports.registry import check_address
from edge.uplink.policy import ChoicePolicy, HttpsPolicy, MqttPolicy, SenderPolicy, Way
from protocols.errors import DecodeError
from protocols.model.codes import SystemId

PREFIX: Final = "EDGE_"
LIKENESS: Final = 0.8
_LISTEN_FORM: Final = re.compile(r"tcp:(\[[^\]]+\]|[^\[\]:]+):(\d{1,5})")
_FIELD: Final = re.compile(r'field "(\w+)"')
_MENDS: Final = {
    "missing": "Add it to the settings file, or set {variable}",
    "extra_forbidden": "Remove it or correct its spelling",
    "unexpected_keyword_argument": "Remove it or correct its spelling",
}


def _check_line(address: str) -> str:
    check_address(address)
    return address


def _check_listen(address: str) -> str:
    if address:
        match = _LISTEN_FORM.fullmatch(address)
        if match is None or int(match[2]) > 0xFFFF:
            raise ValueError("the form is tcp:HOST:PORT, or empty for no port at all")
    return address


def _check_system_id(text: str) -> str:
    if text:
        try:
            octets = SystemId.parse(text).octets
        except DecodeError as exc:
            raise ValueError("eight octets in hexadecimal digits are expected") from exc
        if len(octets) != 8:
            raise ValueError("eight octets in hexadecimal digits are expected")
    return text


def _check_url(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in schemes or not parts.hostname):
            raise ValueError(
                f"the form is {' or '.join(f'{name}://HOST[:PORT]' for name in schemes)}"
            )
        if parts.username or parts.password:
            raise ValueError("a URL holds no name or password; set gateway_id and gateway_secret")
        return url

    return AfterValidator(check)


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
MqttUrl = Annotated[str, _check_url("mqtt", "mqtts")]
HttpUrl = Annotated[str, _check_url("http", "https")]


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DeviceSettings(_Group):
    """One device we call: what we name it, and where it is (`serial:`, `tcp:` or `replay:`)."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    transport: Annotated[str, AfterValidator(_check_line)]


class UplinkSettings(_Group):
    """The ways to the cloud; without a URL a way is off, without both rows stay in the buffer."""

    mqtt_url: MqttUrl = Field(default="", description="`mqtt://HOST` or `mqtts://HOST[:PORT]`")
    http_url: HttpUrl = Field(default="", description="`https://HOST[:PORT]`")
    ca_file: str = Field(default="", description="trust this authority only")
    prefer: Way = Field(default=Way.MQTT, description="the way to use while both work")
    fallback_after_seconds: float = Field(
        default=10.0,
        ge=0,
        description="how long the preferred way is down before the other is used",
    )
    distrust_after: int = Field(
        default=2,
        description="vain attempts in a row after which a way that is up counts as failing",
    )
    keepalive_seconds: int = Field(
        default=15, ge=1, le=3600, description="how soon a silent broker is noticed"
    )
    batch_rows: int = Field(default=200, description="rows in a batch at most")
    batch_octets: int = Field(default=192 << 10, description="octets in a batch at most")
    in_flight: int = Field(
        default=4, description="batches that wait for an acknowledgement at once"
    )
    linger_seconds: float = Field(default=0.05, description="how long new rows wait for company")
    ack_timeout_seconds: float = Field(
        default=10.0, description="after this an unacknowledged batch is sent again"
    )
    poison_after: int = Field(
        default=6,
        description="vain attempts after which a batch is searched for the row that spoils it",
    )

    @model_validator(mode="after")
    def _check_policies(self) -> UplinkSettings:
        _ = self.sender, self.choice
        return self

    @property
    def sender(self) -> SenderPolicy:
        """The sender's share."""
        return SenderPolicy(
            batch_rows=self.batch_rows,
            batch_octets=self.batch_octets,
            in_flight=self.in_flight,
            linger_seconds=self.linger_seconds,
            ack_timeout_seconds=self.ack_timeout_seconds,
            poison_after=self.poison_after,
        )

    @property
    def choice(self) -> ChoicePolicy:
        """The share of the choice between two ways."""
        return ChoicePolicy(
            prefer=self.prefer,
            fallback_after_seconds=self.fallback_after_seconds,
            distrust_after=self.distrust_after,
        )

    @property
    def mqtt(self) -> MqttPolicy | None:
        """The first way, None when it is off."""
        return (
            self.mqtt_url
            and MqttPolicy(
                url=self.mqtt_url, ca_file=self.ca_file, keepalive_seconds=self.keepalive_seconds
            )
        ) or None

    @property
    def https(self) -> HttpsPolicy | None:
        """The second way, None when it is off."""
        return (
            self.http_url
            and HttpsPolicy(
                url=self.http_url, ca_file=self.ca_file, timeout_seconds=self.ack_timeout_seconds
            )
        ) or None


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
    system_id: Annotated[str, AfterValidator(_check_system_id)] = Field(
        default="", description="own EUI-64, 16 hexadecimal digits; empty: made once and kept"
    )
    data: Path = Field(
        default=Path("edge-data"), description="folder of the buffer, on a disk that keeps its word"
    )
    listen: Annotated[str, AfterValidator(_check_listen)] = Field(
        default="tcp:0.0.0.0:6024", description="where plain 20601 agents connect; empty: nowhere"
    )
    metrics_listen: Annotated[str, AfterValidator(_check_listen)] = Field(
        default="", description="where Prometheus reads; empty: nowhere"
    )
    record_folder: str = Field(
        default="", description="keep what passes on every line here (patient data); empty: do not"
    )
    devices: tuple[DeviceSettings, ...] = Field(
        default=(), description="devices the gateway calls: `name` and `transport` each"
    )
    uplink: UplinkSettings = UplinkSettings()
    buffer: BufferPolicy = BufferPolicy()
    drivers: DriverPolicy = DriverPolicy()
    transports: TransportPolicy = TransportPolicy()
    status: StatusPolicy = StatusPolicy()

    @model_validator(mode="after")
    def _check_together(self) -> EdgeSettings:
        names = [device.name for device in self.devices]
        doubles = sorted({name for name in names if names.count(name) > 1})
        if doubles:
            raise ValueError(f"devices: two are named {doubles[0]!r}; give each its own name")
        if self.gateway_secret.get_secret_value() and self.gateway_secret_file:
            raise ValueError("gateway_secret and gateway_secret_file exclude each other; keep one")
        has_way = self.uplink.mqtt_url or self.uplink.http_url
        if has_way and not (self.gateway_secret.get_secret_value() or self.gateway_secret_file):
            raise ValueError("gateway_secret: needed for the uplink; set it or gateway_secret_file")
        return self

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


def load_settings(path: Path | None) -> EdgeSettings:
    """Read the file, then the environment over it; SettingsError names the key and the mend."""
    content = {} if path is None else _read_toml(path)

    class _FromFile(EdgeSettings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's form
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's form
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's form
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, InitSettingsSource(settings_cls, init_kwargs=content)

    _refuse_misspelt_variables()
    try:
        return _FromFile()
    except SourceError as exc:
        raise _unreadable_variable(exc) from exc
    except ValidationError as exc:
        raise _first_of(exc, path) from exc


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise SettingsError(
            f"the settings file {path} cannot be read ({(exc.strerror or '').lower()})",
            mend="Name a file that exists with --config",
        ) from exc
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise SettingsError(
            f"the settings file {path} is not TOML ({exc})", mend="Correct that line"
        ) from exc


def _refuse_misspelt_variables() -> None:
    """A name close to one of ours is a typing error; any other belongs to another product."""
    known = [PREFIX + name.upper() for name in EdgeSettings.model_fields]
    for variable in sorted(os.environ):
        group = variable.split("__")[0]
        if not variable.startswith(PREFIX) or group in known:
            continue
        if meant := get_close_matches(group, known, n=1, cutoff=LIKENESS):
            raise SettingsError(
                f"the environment variable {variable} is no setting of the gateway",
                mend=f"Correct its spelling ({meant[0]}?) or unset it",
            )


def _unreadable_variable(exc: SourceError) -> SettingsError:
    """A variable of a whole group holds JSON; the library names the field alone."""
    match = _FIELD.search(str(exc))
    variable = PREFIX + match[1].upper() if match else PREFIX + "..."
    return SettingsError(
        f"the environment variable {variable} holds no JSON",
        mend=f"Set one key alone, as {variable}__KEY, or unset it",
    )


def _first_of(exc: ValidationError, path: Path | None) -> SettingsError:
    """The first of the errors, in words: the key, what is wrong, where, what to do."""
    error = exc.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in error["loc"])
    text = error["msg"].removeprefix("Value error, ")
    if error["type"] == "missing":
        text = "is missing"
    elif error["type"] in _MENDS:
        text = "is no setting of the gateway"
    variable = PREFIX + key.upper().replace(".", "__")
    where = _origin(variable, path)
    mend = _MENDS.get(error["type"], "Correct it").format(variable=variable)
    cause = f"{key} {text}" if text.startswith("is ") else f"{key}: {text}" if key else text
    return SettingsError(f"{cause}{where}", mend=mend)


def _origin(variable: str, path: Path | None) -> str:
    """Where a wrong value came from: the environment goes before the file."""
    file = f" in {path}" if path else ""
    if variable == PREFIX:
        return file
    names = sorted(name for name in os.environ if name.upper().startswith(PREFIX))
    for name in names:
        if f"{variable}__".startswith(f"{name.upper()}__"):
            return f" in the environment variable {name}"
    parts = [name for name in names if name.upper().startswith(f"{variable}__")]
    return f"{file} with the environment's {', '.join(parts)}" if parts else file
