"""Which version of the uplink contract a way's batches are written in.

The first batch on a way is of version 1, which every cloud reads; its acknowledgement says what
else this one reads. A cloud that was set back to an older program says nothing at all to what it
does not read: after some silence a small batch is tried in version 1 again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.errors import UplinkRejectedError
from protocols.errors import ProtocolError
from protocols.uplink.channels import CONTRACT_VERSION, NEWEST_VERSION
from protocols.uplink.codec import encode_batch
from protocols.uplink.messages import UplinkAck, UplinkBatch

NOT_WRITTEN: Final = "not_written"
FEW_ROWS: Final = 50
"""A batch in version 1, while the cloud may know a better one, holds no more."""
DOUBT_AFTER: Final = 3
"""Silences in a row after which the cloud may have forgotten the newer version."""


@dataclass(slots=True)
class Contract:
    """One way's agreement. `known` is the newest version both ends read, None before they spoke."""

    known: int | None = None
    silences: int = 0

    def version_of(self, batch: UplinkBatch) -> int:
        """The version to write a batch in."""
        in_doubt = self.silences >= DOUBT_AFTER and len(batch.rows) <= FEW_ROWS
        return CONTRACT_VERSION if self.known is None or in_doubt else self.known

    def encode(self, batch: UplinkBatch) -> tuple[int, bytes]:
        """The version and the octets of a batch; UplinkRejectedError for one nobody can write."""
        version = self.version_of(batch)
        try:
            return version, encode_batch(batch, version)
        except ProtocolError as exc:
            raise UplinkRejectedError(f"not written ({exc})", reason=NOT_WRITTEN) from exc

    def learn(self, ack: UplinkAck) -> None:
        """The cloud answered, and said how new a contract it reads."""
        self.known = min(ack.accepts, NEWEST_VERSION)
        self.silences = 0

    def refuse(self) -> None:
        """The cloud said that it does not read this version."""
        self.known = CONTRACT_VERSION
