"""Scheme -> file, loaded by name on use: a gateway without radios needs no radio library."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Final, cast

from edge.transports.base import AddressCheck, OpenedLine, Opener
from edge.transports.policy import TransportPolicy


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of line: how its addresses look, and the file with `open_line`, `parse_address`."""

    name: str
    module: str
    form: str
    is_file: bool = False


SCHEMES: Final = (
    Scheme("tcp", "edge.transports.tcp", "tcp:HOST:PORT[,framing=hdlc]"),
    Scheme(
        "serial",
        "edge.transports.serial",
        "serial:PORT,BAUD[,8N1][,rtscts][,xonxoff][,framing=hdlc]",
    ),
    Scheme("replay", "edge.transports.replay", "replay:FILE[#SESSION]", is_file=True),
)
_BY_NAME: Final = {scheme.name: scheme for scheme in SCHEMES}


def check_address(address: str) -> None:
    """ValueError, in words for the operator, unless `address` is one of the forms."""
    scheme, rest = _split(address)
    check = cast("AddressCheck", _load(scheme, "parse_address"))
    try:
        check(rest)
    except ValueError as exc:
        raise ValueError(f"{exc}; the form is {scheme.form}") from exc


async def check_line(address: str) -> None:
    """SettingsError when what no waiting mends is missing: a recording's file."""
    scheme, rest = _split(address)
    if scheme.is_file:
        opener = cast("Opener", _load(scheme, "open_line"))
        await (await opener(rest, TransportPolicy())).transport.close()


async def open_line(address: str, policy: TransportPolicy) -> OpenedLine:
    """Open the line at `address`; DeviceNotFoundError when nothing answers there."""
    scheme, rest = _split(address)
    opener = cast("Opener", _load(scheme, "open_line"))
    return await opener(rest, policy)


def _split(address: str) -> tuple[Scheme, str]:
    name, colon, rest = address.partition(":")
    if not colon or name not in _BY_NAME:
        forms = ", ".join(scheme.form for scheme in SCHEMES)
        raise ValueError(f"no such kind of line: {name!r}; known are {forms}")
    return _BY_NAME[name], rest


def _load(scheme: Scheme, name: str) -> object:
    return getattr(importlib.import_module(scheme.module), name)
