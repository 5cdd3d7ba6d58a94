"""TCP ports of this machine: a free one, and what to say of one that is taken."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Final

from simulators.errors import PortTakenError

HOST: Final = "127.0.0.1"
_HIGHEST: Final = 65_535
_PORTS: Final = range(20_000, 32_768)
"""Above the usual services, below what Linux and others dial from."""
_ANY: Final = SystemRandom()


@dataclass(frozen=True, slots=True)
class FixedPort:
    """A port somebody asked for, 0 for any; what for; the option that chooses it."""

    number: int
    purpose: str
    option: str


def free_port() -> int:
    """A TCP port nobody listens on at this moment.

    Never one that the system gives to outgoing connections: a program that dials before its
    listener is there would take it, or even meet itself on it.
    """
    for number in _ANY.sample(_PORTS, len(_PORTS)):
        if _is_free(number):
            return number
    raise PortTakenError(f"all ports from {_PORTS.start} to {_PORTS.stop - 1} are taken")


def require_free(
    ports: Sequence[FixedPort], *, target: str = "demo", environment: Mapping[str, str] = os.environ
) -> None:
    """PortTakenError that names every taken port and the words that choose free ones.

    Under make (its MAKELEVEL is in `environment`) these are the words for make and its `target`.
    """
    taken = [port for port in ports if port.number and not _is_free(port.number)]
    if not taken:
        return
    names = " and ".join(f"port {port.number} ({port.purpose})" for port in taken)
    used = {port.number for port in ports}
    wishes = " ".join(f"{port.option} {_another(port.number, used)}" for port in taken)
    if environment.get("MAKELEVEL"):
        flags = f"{environment.get('DEMO_FLAGS', '')} {wishes}".strip()
        wishes = f'make {target} DEMO_FLAGS="{flags}"'
    one = len(taken) == 1
    raise PortTakenError(
        f"{names} {'is' if one else 'are'} taken. "
        f"Stop what uses {'it' if one else 'them'} or choose another with: {wishes}"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _another(port: int, used: set[int]) -> int:
    """The next free port above `port`, any free one when there is none."""
    for number in range(port + 1, min(port + 100, _HIGHEST + 1)):
        if number not in used and _is_free(number):
            used.add(number)
            return number
    return free_port()
