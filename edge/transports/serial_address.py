"""How a serial line is written down, and which port a pattern means."""

from __future__ import annotations

import glob
import re
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from edge.errors import DeviceNotFoundError
from edge.transports.base import FRAMING_WORD, read_framing
from protocols.ieee20601.line_framings import RAW

_FORMAT: Final = re.compile(r"([5-8])([NEOMS])(1|1\.5|2)")
_URL: Final = re.compile(r"[a-z0-9]+://")
_URL_SCHEMES: Final = ("rfc2217", "socket")
_MOST_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A port and its line settings; the name should be the stable one of /dev/serial/by-id.

    `port`: a name, a pattern as `/dev/serial/by-id/usb-Example*`, or a URL of a port elsewhere.
    `dtr`, `rts`: how these lines are held, for a device that is switched by them. `framing`: how
    the device frames its APDUs. Raw by default; on a long or noisy cable choose frames wherever
    the device can, for only they show that a value was changed on the way.
    """

    port: str
    baud: int = 115_200
    data_bits: int = 8
    parity: str = "N"
    stop_bits: float = 1
    rtscts: bool = False
    dsrdtr: bool = False
    xonxoff: bool = False
    dtr: bool = True
    rts: bool = True
    framing: str = RAW

    @property
    def is_url(self) -> bool:
        """A port of another machine."""
        return _URL.match(self.port) is not None

    @property
    def is_remote_port(self) -> bool:
        """One whose settings travel along (RFC 2217)."""
        return self.port.startswith("rfc2217:")


_FLAGS: Final = {
    "rtscts": {"rtscts": True},
    "dsrdtr": {"dsrdtr": True},
    "xonxoff": {"xonxoff": True},
    "dtr=off": {"dtr": False},
    "rts=off": {"rts": False},
}


def parse_address(address: str) -> SerialAddress:
    """Read `PORT,BAUD[,8N1][,flags][,framing=hdlc]`; ValueError for anything else."""
    port, *rest = address.split(",")
    if not port:
        raise ValueError("the port's name is missing")
    found = SerialAddress(port)
    if found.is_url:
        _check_url(port)
    if not rest:
        return found
    if not rest[0].isdecimal() or int(rest[0]) == 0:
        raise ValueError(f"{rest[0]!r} is no baud rate")
    found = replace(found, baud=int(rest[0]))
    for word in rest[1:]:
        if (match := _FORMAT.fullmatch(word)) is not None:
            bits, parity, stops = match.groups()
            found = replace(found, data_bits=int(bits), parity=parity, stop_bits=float(stops))
        elif word in _FLAGS:
            found = replace(found, **_FLAGS[word])  # type: ignore[arg-type]  # all are flags
        elif word.startswith(FRAMING_WORD):
            found = replace(found, framing=read_framing(word))
        else:
            raise ValueError(f"{word!r} is no line setting")
    return found


def find_port(where: SerialAddress) -> str:
    """The name of the one port that `where` means now; DeviceNotFoundError for none or several."""
    if where.is_url or not glob.has_magic(where.port):
        return where.port
    found = sorted(glob.glob(where.port))  # noqa: PTH207 - a pattern with its own root
    if len(found) == 1:
        return found[0]
    if not found:
        raise DeviceNotFoundError(f"no port is named like {where.port}")
    named = ", ".join(found[:_MOST_NAMED])
    raise DeviceNotFoundError(
        f"{len(found)} ports are named like {where.port}: {named}",
        mend="Write more of the name, so that it means one of them",
    )


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in _URL_SCHEMES:
        known = " or ".join(f"{scheme}://HOST:PORT" for scheme in _URL_SCHEMES)
        raise ValueError(f"a port elsewhere is written {known}")
    if parts.username or parts.password or parts.query or parts.path or parts.fragment:
        raise ValueError("a port elsewhere is a host and a port, and nothing else")
    if not parts.hostname or parts.port is None:
        raise ValueError("the host or the port is missing")
