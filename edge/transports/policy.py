"""How patient and how generous the lines to devices are."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportPolicy:
    """Seconds and octets.

    A write that is not taken within `write_timeout_seconds` ends the line. A TCP peer that went
    away without a word is noticed after about `keepalive_seconds`. `max_connections` agents may
    be connected to the listening port at once; `backlog` may wait to be accepted.
    """

    connect_timeout_seconds: float = 5.0
    write_timeout_seconds: float = 10.0
    keepalive_seconds: int = 30
    read_octets: int = 65_536
    max_connections: int = 64
    backlog: int = 128

    def __post_init__(self) -> None:
        if min(self.connect_timeout_seconds, self.write_timeout_seconds) <= 0:
            raise ValueError("connect_timeout_seconds and write_timeout_seconds are above 0")
        if self.keepalive_seconds < 3:
            raise ValueError("keepalive_seconds is at least 3")
        if min(self.read_octets, self.max_connections, self.backlog) < 1:
            raise ValueError("read_octets, max_connections and backlog are at least 1")
