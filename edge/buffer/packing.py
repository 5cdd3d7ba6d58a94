"""Captured things made ready to be written, before the write: their octets, lanes and heads.

All that a commit has left to do is to give them their keys.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Final, NamedTuple

from edge.buffer.rows import LANES, Stream, streams_of, to_microseconds
from protocols.uplink.codec import encode_captured
from protocols.uplink.messages import Content, identity_of

MOST_OCTETS: Final = 3900
"""Of bodies and head together: a bundle fills a page of the file, so that a broken page costs no
more rows than it would if each were a record. One row that is larger by itself has a longer one."""
ROW_OCTETS: Final = 8
"""Of a head for each row."""

_lane_of = itemgetter(0)


class PackedRow(NamedTuple):
    """One captured thing: its lane, its identity, its octets."""

    stream: Stream
    identity: bytes | None
    body: bytes


class Portion(NamedTuple):
    """Rows of one lane that will be one bundle. `identities`: of those that have one."""

    stream: Stream
    lane: int
    identities: list[bytes]
    rows: list[PackedRow]
    head: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Packed:
    """Things captured together. `octets`: where the recorder keeps what they were decoded from.

    `size`: of all that will be written, in octets. `identities`: of those that have one.
    """

    rows: list[PackedRow]
    portions: list[Portion]
    identities: list[bytes]
    captured_us: int
    octets: str | None
    size: int

    def __len__(self) -> int:
        return len(self.rows)

    def only(self, rows: list[PackedRow]) -> Packed:
        """Some of the rows alone."""
        return _packed(rows, self.captured_us, self.octets)


def pack_rows(contents: Iterable[Content], *, captured_at: datetime, octets: str = "") -> Packed:
    """Encode captured things. `captured_at` is the gateway's aware UTC time of the write."""
    contents = tuple(contents)
    rows = []
    for content, stream in zip(contents, streams_of(contents), strict=True):
        known_by = identity_of(content)
        identity = None if known_by is None else known_by.bytes
        # The sequence is not known yet; the record's key holds it and `unpack_row` puts it back.
        rows.append(PackedRow(stream, identity, encode_captured(content, captured_at)))
    return _packed(rows, to_microseconds(captured_at), octets or None)


def _packed(rows: list[PackedRow], captured_us: int, octets: str | None) -> Packed:
    portions = [
        portion_of(stream, members)
        for stream, lane in groupby(sorted(rows, key=_lane_of), key=_lane_of)
        for members in portioned(list(lane))
    ]
    return Packed(
        rows=rows,
        portions=portions,
        identities=[identity for portion in portions for identity in portion.identities],
        captured_us=captured_us,
        octets=octets,
        size=sum(len(portion.body) + len(portion.head) for portion in portions),
    )


def portion_of(stream: Stream, rows: list[PackedRow]) -> Portion:
    """These rows, all of that lane, as one bundle will hold them."""
    bodies = [row.body for row in rows]
    identities = [row.identity for row in rows if row.identity is not None]
    return Portion(stream, LANES[stream], identities, rows, head_of(bodies), b"".join(bodies))


def portioned(rows: list[PackedRow]) -> Iterator[list[PackedRow]]:
    """Rows of one lane in the portions that become bundles."""
    begin, octets = 0, 0
    for index, row in enumerate(rows):
        octets += len(row.body) + ROW_OCTETS
        if octets > MOST_OCTETS and index > begin:
            yield rows[begin:index]
            begin, octets = index, len(row.body) + ROW_OCTETS
    yield rows[begin:]


def head_of(bodies: Sequence[bytes]) -> bytes:
    """The head of a bundle of these."""
    pairs = [0] * (2 * len(bodies))
    pairs[::2] = map(len, bodies)
    pairs[1::2] = map(zlib.crc32, bodies)
    return struct.pack(f"<{len(pairs)}I", *pairs)
