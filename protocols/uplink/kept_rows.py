"""A row as a gateway keeps it, on its way up: its content need not be made to be sent."""

from __future__ import annotations

from datetime import datetime

from protocols.model.identifiers import Naming
from protocols.uplink import records as rec
from protocols.uplink.contents import from_content, naming_of, to_content
from protocols.uplink.messages import Content, UplinkRow


class KeptRow(UplinkRow):
    """An `UplinkRow` that holds its wire record; the content is made when it is asked for.

    Asking raises ProtocolError for a record of impossible values. A row is written into a batch
    by its record as it is. `named_by` see `model.observation`.
    """

    __slots__ = ("named_by", "record")
    record: rec.ContentRecord
    named_by: Naming | None

    def __init__(
        self,
        *,
        sequence: int,
        captured_at: datetime,
        record: rec.ContentRecord,
        octets: str = "",
        named_by: Naming | None = None,
    ) -> None:
        set_once = object.__setattr__
        set_once(self, "sequence", sequence)
        set_once(self, "captured_at", captured_at)
        set_once(self, "record", record)
        set_once(self, "octets", octets)
        set_once(self, "named_by", named_by)

    @property
    def content(self) -> Content:
        """What the row holds; made at every call."""
        return from_content(self.record, self.named_by)

    def made(self) -> UplinkRow:
        """The same row with its content made."""
        return UplinkRow(
            sequence=self.sequence,
            captured_at=self.captured_at,
            content=self.content,
            octets=self.octets,
        )

    def __eq__(self, other: object) -> bool:
        """Rows are equal by what they hold, however they hold it."""
        if isinstance(other, KeptRow):
            other = other.made()
        return self.made() == other

    def __hash__(self) -> int:
        """As of the row with its content made."""
        return hash(self.made())


def record_of(row: UplinkRow) -> rec.ContentRecord:
    """The wire record of a row's content: the one it holds, or one made of the content."""
    return row.record if isinstance(row, KeptRow) else to_content(row.content)


def named_by_of(row: UplinkRow) -> Naming | None:
    """What the id of a row's observation was named by, None where that is not known."""
    return row.named_by if isinstance(row, KeptRow) else naming_of(row.content)
