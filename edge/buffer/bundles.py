"""Rows of one lane that were appended together lie in the file as one record, a bundle.

SQLite's work is by the record, so a commit of a hundred readings costs little more than one. The
head of a bundle has two numbers for each of its rows: the octets of its body and their CRC-32.
The record's own check covers head, key and place in the recorder; so an octet that changed on the
disk costs the row it is in, and no other. A row that left is a hole: 0 octets. The rows that are
left keep their sequences.

A record without a head is one row, as forms 1 and 2 of the file kept all of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Collection
from typing import Final, NamedTuple

from edge.buffer.packing import ROW_OCTETS, Portion
from edge.buffer.rows import check_of

COLUMNS: Final = (
    "id, stream, boot_epoch, sequence, observation_id, measured, captured_us, octets, clock, crc,"
    " head, body"
)
"""In the order of a bundle's fields."""
SPAN: Final = "coalesce(length(head) / 8, 1)"
"""How many ids and sequences a record takes up, in SQL; its octets are not read for that."""


class Row(NamedTuple):
    """One row of a bundle. `is_whole`: its octets are those that were stored."""

    row_id: int
    sequence: int
    body: bytes
    is_whole: bool


class Bundle(NamedTuple):
    """One record. `row_id` and `sequence` are those of its first row, even when that has left.

    `identity` and `measured` say something of a record of one row alone.
    """

    row_id: int
    stream: int
    boot_epoch: int
    sequence: int
    identity: bytes | None
    measured: int
    captured_us: int
    octets: str | None
    clock: int
    crc: int
    head: bytes | None
    body: bytes

    def rows(self) -> list[Row]:
        """The rows that are left.

        When the head is damaged nobody knows where one ends: all of them are one damaged row.
        """
        key = (self.stream, self.boot_epoch, self.sequence)
        if self.head is None:
            check = check_of(*key, self.identity, self.body, self.octets)
            return [Row(self.row_id, self.sequence, self.body, check == self.crc)]
        if head_check(*key, self.octets, self.head) != self.crc:
            return [Row(self.row_id, self.sequence, self.body, is_whole=False)]
        found, start, body = [], 0, self.body
        for index, (length, check) in enumerate(struct.iter_unpack("<II", self.head)):
            if length:
                piece = body[start : start + length]
                start += length
                is_whole = zlib.crc32(piece) == check
                found.append(Row(self.row_id + index, self.sequence + index, piece, is_whole))
        return found

    def ids(self) -> list[int]:
        """The ids of the rows that are left; the bodies are not needed for that."""
        if self.head is None or not self.is_legible:
            return [self.row_id]
        lengths = struct.unpack(f"<{len(self.head) // 4}I", self.head)[::2]
        return [self.row_id + index for index, length in enumerate(lengths) if length]

    @property
    def last(self) -> int:
        """The last id it takes up."""
        return self.row_id + (1 if self.head is None else len(self.head) // ROW_OCTETS) - 1

    @property
    def is_legible(self) -> bool:
        """Whether head and key are those that were stored."""
        key = (self.stream, self.boot_epoch, self.sequence)
        return self.head is None or head_check(*key, self.octets, self.head) == self.crc

    def without(self, gone: Collection[int]) -> Bundle | None:
        """The bundle when the rows of these ids have left it; None when that is all of them."""
        left = [row for row in self.rows() if row.row_id not in gone]
        if not left:
            return None
        if self.head is None or not self.is_legible:
            return self
        span = left[-1].row_id - self.row_id + 1
        pairs = [(0, 0)] * span
        known = list(struct.iter_unpack("<II", self.head))
        for row in left:
            # The check as it was: a row that is damaged stays so.
            pairs[row.row_id - self.row_id] = (len(row.body), known[row.row_id - self.row_id][1])
        head = b"".join(struct.pack("<II", *pair) for pair in pairs)
        check = head_check(self.stream, self.boot_epoch, self.sequence, self.octets, head)
        return self._replace(crc=check, head=head, body=b"".join(row.body for row in left))


Record = tuple[int | str | bytes | None, ...]


def record_of(
    portion: Portion,
    key: tuple[int, int, int, int],
    captured_us: int,
    octets: str | None,
    clock: int,
) -> Record:
    """A new bundle as it is inserted: how many rows, then its columns.

    The key: id of its first row, lane, boot epoch, sequence of its first row.
    """
    check = head_check(*key[1:], octets, portion.head)
    about = (None, 0, captured_us, octets, clock, check)
    return (len(portion.rows), *key, *about, portion.head, portion.body)


def head_check(stream: int, boot_epoch: int, sequence: int, octets: str | None, head: bytes) -> int:
    """CRC-32 over what makes the bundle what it is, but for the bodies: the head vouches for them.

    The place is an unambiguous part of it, for it has neither `/` nor the length of a number.
    """
    key = "%d/%d/%d/%s" % (stream, boot_epoch, sequence, octets or "")  # noqa: UP031 - the quicker way
    return zlib.crc32(head, zlib.crc32(key.encode()))
