"""How patient and how generous the lines to devices are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportPolicy:
    """Seconds and octets."""

    connect_timeout_seconds: Annotated[float, "how long a line that is called may take to open"] = (
        5.0
    )
    write_timeout_seconds: Annotated[
        float, "a write that is not taken within this ends the line"
    ] = 10.0
    keepalive_seconds: Annotated[
        int, "a TCP peer that went away without a word is noticed after about this"
    ] = 30
    read_octets: Annotated[int, "octets read from a line at once, at most"] = 65_536
    max_connections: Annotated[
        int, "agents that may be connected to the listening port at once"
    ] = 64
    backlog: Annotated[int, "agents that may wait to be accepted"] = 128

    def __post_init__(self) -> None:
        if min(self.connect_timeout_seconds, self.write_timeout_seconds) <= 0:
            raise ValueError("connect_timeout_seconds and write_timeout_seconds are above 0")
        if self.keepalive_seconds < 3:
            raise ValueError("keepalive_seconds is at least 3")
        if min(self.read_octets, self.max_connections, self.backlog) < 1:
            raise ValueError("read_octets, max_connections and backlog are at least 1")
