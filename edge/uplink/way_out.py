"""Over which network packets leave the vehicle, and whether that is one of the station's.

Read from `/proc/self/net`, which needs no privilege and which the service unit leaves visible.
A vehicle whose router changes the network by itself looks the same everywhere from here: there
a person or the cloud says that it is at its station.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Final

_PROC: Final = Path("/proc/self/net")
_IS_UP: Final = 0x1
_NOWHERE: Final = "00000000"
_NO_HARDWARE: Final = "00:00:00:00:00:00"
_HARDWARE: Final = re.compile(r"([0-9a-f]{2}:){5}[0-9a-f]{2}")
_INTERFACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,14}")
_MOST_NETWORKS: Final = 32


@dataclass(frozen=True, slots=True)
class WayOut:
    """The default route: its interface, its router, and that router's hardware address or ""."""

    interface: str
    router: IPv4Address
    hardware: str = ""

    def is_over(self, network: str) -> bool:
        """Whether this is the network of a setting: a router's address, a prefix, an interface."""
        if _HARDWARE.fullmatch(network):
            return self.hardware == network
        if _INTERFACE.fullmatch(network):
            return self.interface == network
        return self.router in IPv4Network(network, strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StationPolicy:
    """How a vehicle is known to be at its station."""

    networks: Annotated[
        tuple[str, ...],
        "networks of the station: the hardware address of its router as `02:fc:00:00:00:05`, the"
        " prefix its address lies in as `10.20.0.0/16`, or an interface as `wlan0`; it counts what"
        " the default route goes over",
    ] = ()
    hours: Annotated[
        float, "how long it counts that somebody said so, unless an encounter begins before"
    ] = 8.0

    def __post_init__(self) -> None:
        if not 0 < self.hours <= 72:
            raise ValueError("hours is above 0 and at most 72")
        if len(self.networks) > _MOST_NETWORKS:
            raise ValueError(f"networks holds at most {_MOST_NETWORKS}")
        for network in self.networks:
            if not (_HARDWARE.fullmatch(network) or _INTERFACE.fullmatch(network)):
                _check_prefix(network)

    def network_of(self, way_out: WayOut | None) -> str:
        """The station's network the way out goes over, empty for none."""
        if way_out is None:
            return ""
        return next((one for one in self.networks if way_out.is_over(one)), "")


def read_way_out(folder: Path = _PROC) -> WayOut | None:
    """The way out now; None without one, or where it cannot be read."""
    try:
        routes = (folder / "route").read_text(encoding="ascii").splitlines()[1:]
        neighbours = (folder / "arp").read_text(encoding="ascii").splitlines()[1:]
        found = min((one for line in routes if (one := _default(line)) is not None), default=None)
    except (OSError, ValueError):
        return None
    if found is None:
        return None
    _, interface, router = found
    return WayOut(interface, router, _hardware(neighbours, interface, str(router)))


def _check_prefix(network: str) -> None:
    try:
        IPv4Network(network, strict=False)
    except ValueError as exc:
        raise ValueError(
            f"networks: {network!r} is no hardware address in lower case, no IPv4 prefix and no"
            " interface"
        ) from exc


def _default(line: str) -> tuple[int, str, IPv4Address] | None:
    """Metric, interface and router of a default route that is up."""
    interface, destination, router, flags, _, _, metric, mask = line.split()[:8]
    if (destination, mask) != (_NOWHERE, _NOWHERE) or not int(flags, 16) & _IS_UP:
        return None
    # The kernel prints the octets of an address as the machine keeps a number.
    octets = int(router, 16).to_bytes(4, sys.byteorder)
    return int(metric), interface, IPv4Address(octets)


def _hardware(neighbours: list[str], interface: str, router: str) -> str:
    for line in neighbours:
        fields = line.split()
        if len(fields) == 6 and (fields[0], fields[5]) == (router, interface):
            return "" if fields[3] == _NO_HARDWARE else fields[3].lower()
    return ""
