"""Field types of the settings and their checks."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from edge.transports.registry import check_address
from protocols.errors import DecodeError
from protocols.model.codes import SystemId

_LISTEN_FORM: Final = re.compile(r"tcp:(\[[^\]]+\]|[^\[\]:]+):(\d{1,5})")


def check_line_address(address: str) -> str:
    """A device's address as the registry of transports writes it."""
    check_address(address)
    return address


def check_listen(address: str) -> str:
    """`tcp:HOST:PORT`, or empty."""
    if address:
        match = _LISTEN_FORM.fullmatch(address)
        if match is None or int(match[2]) > 0xFFFF:
            raise ValueError("the form is tcp:HOST:PORT, or empty for no port at all")
    return address


def check_system_id(text: str) -> str:
    """An EUI-64 in hexadecimal digits, or empty."""
    if text:
        try:
            octets = SystemId.parse(text).octets
        except DecodeError as exc:
            raise ValueError("eight octets in hexadecimal digits are expected") from exc
        if len(octets) != 8:
            raise ValueError("eight octets in hexadecimal digits are expected")
    return text


def _has_fair_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False


def check_url(*schemes: str) -> AfterValidator:
    """A check for URLs of these schemes that hold no secret."""

    def check(url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in schemes or not parts.hostname or not _has_fair_port(parts)):
            raise ValueError(
                f"the form is {' or '.join(f'{name}://HOST[:PORT]' for name in schemes)}"
            )
        if parts.username or parts.password:
            raise ValueError("a URL holds no name or password; set gateway_id and gateway_secret")
        return url

    return AfterValidator(check)


Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
MqttUrl = Annotated[str, check_url("mqtt", "mqtts")]
HttpUrl = Annotated[str, check_url("http", "https")]
Listen = Annotated[str, AfterValidator(check_listen)]
Line = Annotated[str, AfterValidator(check_line_address)]
SystemIdText = Annotated[str, AfterValidator(check_system_id)]


class Group(BaseModel):
    """Keys that belong together; a key nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
