"""Pictures are read to their very end, and nothing hides in one."""

from __future__ import annotations

import pytest

from cloud.core.encounters.pictures import JPEG, PNG, picture_of
from cloud.core.kernel.errors import InvalidError
from tests.fixtures.pictures import END, chunk, jpeg, png, segment

EXIF = segment(0xE1, b"Exif\x00\x00 51.5007 N 0.1246 W")
COMMENT = segment(0xFE, b"taken by somebody")
TEXT = chunk(b"tEXt", b"Author\x00Somebody")


def test_a_picture_is_known_by_its_octets() -> None:
    assert picture_of(jpeg()).media_type == JPEG
    assert picture_of(png()).media_type == PNG


def test_what_the_camera_wrote_in_is_left_out() -> None:
    adobe = segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x01")
    assert picture_of(jpeg(EXIF, COMMENT)).octets == jpeg()
    assert picture_of(jpeg(adobe)).octets == jpeg(adobe)
    assert picture_of(png(TEXT, chunk(b"eXIf", b"MM"))).octets == png()
    assert picture_of(png(chunk(b"gAMA", bytes(4)))).octets == png(chunk(b"gAMA", bytes(4)))


def test_a_progressive_picture_has_several_scans_and_fill_octets() -> None:
    several = jpeg(
        scan=b"\x01" + segment(0xC4, bytes(20)) + b"\xff" + segment(0xDA, b"\x01") + b"x"
    )
    assert picture_of(several).octets == several.replace(b"\xff\xff\xda", b"\xff\xda")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"%PDF-1.7",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\xff\xd8",
        b"\xff\xd8" + END,
        b"\xff\xd8" + segment(0xDA, b"\x01") + b"x" + END,
        jpeg()[:-2],
        jpeg()[:-1],
        jpeg()[:30],
        jpeg().replace(b"\xff\xdb", b"\xff\x01"),
        jpeg().replace(b"\xff\xc4\x00\x16", b"\xff\xc4\x00\x01"),
        jpeg() + b"PK\x03\x04 and an archive",
        jpeg() + b"\n",
        jpeg(segment(0xFE, b"*/=1;<ScRiPt>alert(1)</script>")),
        jpeg(segment(0xE1, b"%PDF-1.4 a document")),
        jpeg(segment(0xE0, b"PK\x03\x04")),
        jpeg(width=0),
        jpeg(width=20_001),
        jpeg(width=20_000, height=20_000),
        png()[:-1],
        png() + b"%PDF-1.4",
        png().replace(b"IDAT", b"IDAX"),
        png()[:8] + png()[33:],
        png(chunk(b"IHDR", bytes(13))),
        png(chunk(b"tEXt", b"x\x00<html><body>")),
        png(chunk(b"zTXt", b"<?php system()")),
        png(width=20_001),
        png()[:8] + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0") + chunk(b"IEND", b""),
        png()[:20],
    ],
)
def test_anything_else_or_anything_besides_is_refused(octets: bytes) -> None:
    with pytest.raises(InvalidError, match="not_a_picture"):
        picture_of(octets)
