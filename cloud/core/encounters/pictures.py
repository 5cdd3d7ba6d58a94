"""A picture by its octets: read to its very end, so that nothing else can hide in the same file.

What a camera wrote in (place, time, maker) is left out of what is kept. A file that is a second
thing besides is refused: octets after the picture's end, or the beginning of another format where
notes may stand.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cloud.core.kernel.errors import InvalidError

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WIDEST: Final = 20_000
MOST_PIXELS: Final = 100_000_000
_JPEG_BEGINS: Final = b"\xff\xd8"
_PNG_BEGINS: Final = b"\x89PNG\r\n\x1a\n"
_END_OF_IMAGE, _START_OF_SCAN, _COMMENT = 0xD9, 0xDA, 0xFE
_NOTES: Final = frozenset({*range(0xE0, 0xF0), _COMMENT})
_NEEDED: Final = frozenset({0xE0, 0xEE})
"""JFIF and Adobe: without them colours may be shown wrongly."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xDC})
_KNOWN: Final = _FRAMES | _TABLES | _NOTES | {_START_OF_SCAN}
_WITHIN_SCAN: Final = frozenset({0x00, *range(0xD0, 0xD8)})
# What a picture needs to be shown; text, time and EXIF chunks are left out.
_PNG_KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs"}
)
_OTHER_FORMATS: Final = (
    b"%pdf-", b"pk\x03\x04", b"<script", b"<html", b"<svg", b"<?php", b"<!doctype", b"\x7felf",
    b"rar!\x1a", b"7z\xbc\xaf",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Picture:
    """A whole picture and nothing else; `octets` without the camera's notes."""

    media_type: str
    octets: bytes


def picture_of(octets: bytes) -> Picture:
    """The picture that `octets` are; InvalidError `not_a_picture` for anything else or more."""
    if octets.startswith(_JPEG_BEGINS):
        return Picture(JPEG, b"".join(_jpeg(octets)))
    if octets.startswith(_PNG_BEGINS):
        return Picture(PNG, b"".join(_png(octets)))
    raise _refused("it is neither JPEG nor PNG")


def _jpeg(octets: bytes) -> Iterator[bytes]:
    """Its segments (ITU-T T.81, annex B) up to the end of the image and of the file."""
    yield _JPEG_BEGINS
    place, is_framed, is_scanned = 2, False, False
    while octets[place : place + 1] == b"\xff" and place + 2 <= len(octets):
        marker = octets[place + 1]
        if marker == _END_OF_IMAGE:
            if not is_scanned or place + 2 != len(octets):
                raise _refused("it has no picture, or goes on after it")
            yield octets[place:]
            return
        if marker == 0xFF:
            # A marker may have any number of fill octets before it (B.1.1.2).
            place += 1
            continue
        segment = _segment(octets, place, marker)
        end = place + len(segment)
        if marker in _FRAMES:
            _check_size(int.from_bytes(segment[7:9], "big"), int.from_bytes(segment[5:7], "big"))
            is_framed = True
        if marker == _START_OF_SCAN:
            if not is_framed:
                raise _refused("its scan comes before its size")
            end, is_scanned = _end_of_scan(octets, end), True
        if marker in _NOTES:
            _check_note(segment)
        if marker not in _NOTES or marker in _NEEDED:
            yield octets[place:end]
        place = end
    raise _refused("it is not whole")


def _segment(octets: bytes, place: int, marker: int) -> bytes:
    length = int.from_bytes(octets[place + 2 : place + 4], "big")
    if marker not in _KNOWN or length < 2 or place + 2 + length > len(octets):
        raise _refused("it is not whole")
    return octets[place : place + 2 + length]


def _end_of_scan(octets: bytes, place: int) -> int:
    """Where the coded picture ends: at a marker that cannot stand within it (B.1.1.5)."""
    while True:
        place = octets.find(b"\xff", place)
        if place < 0 or place + 1 >= len(octets):
            raise _refused("it is not whole")
        if octets[place + 1] not in _WITHIN_SCAN:
            return place
        place += 2


def _png(octets: bytes) -> Iterator[bytes]:
    """Its chunks (ISO/IEC 15948, 5.3), each with its checksum, up to the one that ends the file."""
    yield _PNG_BEGINS
    place, has_picture = len(_PNG_BEGINS), False
    while place + 12 <= len(octets):
        length = int.from_bytes(octets[place : place + 4], "big")
        kind, end = octets[place + 4 : place + 8], place + 12 + length
        body = octets[place + 8 : end - 4]
        if end > len(octets) or zlib.crc32(kind + body) != int.from_bytes(octets[end - 4 : end]):
            break
        if (kind == b"IHDR") != (place == len(_PNG_BEGINS)):
            break
        if kind == b"IHDR":
            _check_size(int.from_bytes(body[:4]), int.from_bytes(body[4:8]))
        has_picture |= kind == b"IDAT"
        if kind in _PNG_KEPT:
            yield octets[place:end]
        else:
            _check_note(body)
        if kind == b"IEND":
            if not has_picture or end != len(octets):
                raise _refused("it has no picture, or goes on after it")
            return
        place = end
    raise _refused("it is not whole")


def _check_note(note: bytes) -> None:
    folded = note.lower()
    if any(begins in folded for begins in _OTHER_FORMATS):
        raise _refused("it is something else besides")


def _check_size(width: int, height: int) -> None:
    if not (0 < width <= WIDEST and 0 < height <= WIDEST and width * height <= MOST_PIXELS):
        raise _refused(f"its sides are 1 to {WIDEST}, with at most {MOST_PIXELS} pixels in all")


def _refused(why: str) -> InvalidError:
    return InvalidError(
        "not_a_picture", f"Send a whole JPEG or PNG picture and nothing else: {why}."
    )
