"""A picture loses where and when it was made, and nothing that shows it."""

from __future__ import annotations

import struct
import zlib

import pytest

from edge.crew.desk import RefusedError
from edge.crew.photographs import JPEG, PNG, stripped


def segment(marker: int, content: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(content) + 2) + content


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(content))


HEAD = b"\xff\xd8"
JFIF = segment(0xE0, b"JFIF\0")
ADOBE = segment(0xEE, b"Adobe")
TABLES = segment(0xDB, bytes(65))
SCAN = segment(0xDA, b"x") + b"data\xff\x00more" + b"\xff\xd9"
PNG_HEAD = b"\x89PNG\r\n\x1a\n"


def test_a_jpeg_keeps_its_picture_alone() -> None:
    exif, xmp = segment(0xE1, b"Exif\0\0GPS 51.5N"), segment(0xE1, b"http://ns.adobe.com/xap")
    note, maker = segment(0xFE, b"by Ada"), segment(0xED, b"Photoshop")
    tail = b"second picture with GPS\xff\xd9"
    octets = HEAD + JFIF + exif + xmp + note + ADOBE + maker + TABLES + SCAN
    kept = HEAD + JFIF + ADOBE + TABLES + SCAN
    assert stripped(octets) == (JPEG, kept)
    assert stripped(kept) == (JPEG, kept)
    assert stripped(octets + tail)[1].startswith(kept)


def test_a_png_keeps_its_picture_alone() -> None:
    shown = chunk(b"IHDR", bytes(13)) + chunk(b"IDAT", b"z")
    hidden = chunk(b"eXIf", b"GPS") + chunk(b"tEXt", b"Author") + chunk(b"tIME", bytes(7))
    end = chunk(b"IEND", b"")
    assert stripped(PNG_HEAD + shown + hidden + end + b"tail") == (PNG, PNG_HEAD + shown + end)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>",
        HEAD + JFIF,
        HEAD + JFIF + b"\xff\xda\x00\x00",
        HEAD + JFIF + segment(0xDA, b"x") + b"no end",
        HEAD + b"\xff\xe1\xff\xff",
        PNG_HEAD,
        PNG_HEAD + chunk(b"IHDR", bytes(13)),
        PNG_HEAD + b"\xff\xff\xff\xffIDAT1234",
    ],
)
def test_what_is_no_whole_picture_is_refused(octets: bytes) -> None:
    with pytest.raises(RefusedError):
        stripped(octets)


def test_every_cut_of_a_picture_is_refused_or_ends_well() -> None:
    whole = HEAD + JFIF + TABLES + SCAN
    for cut in range(len(whole)):
        try:
            _, kept = stripped(whole[:cut])
        except RefusedError:
            continue
        assert kept.endswith(b"\xff\xd9")
