"""The letters on paper: a font that has most of Europe's, and what is done about the others."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

_NAMES: Final = ("Vitalwire", "Vitalwire-Bold")
_FOLDERS: Final = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu-sans-fonts"),
    Path("/usr/share/fonts/TTF"),
)
_WIDE: Final = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
_BUNDLED: Final = ("Vera.ttf", "VeraBd.ttf")
"""Comes with the library: Latin letters of the west only."""
UNKNOWN: Final = "?"


@dataclass(frozen=True, slots=True)
class Letters:
    """A plain and a bold font, embedded into what is printed."""

    plain: TTFont
    bold: TTFont

    @property
    def name(self) -> str:
        """What the plain font is called on a canvas."""
        return str(self.plain.fontName)

    @property
    def bold_name(self) -> str:
        """The same of the bold one."""
        return str(self.bold.fontName)

    def printable(self, text: str) -> tuple[str, int]:
        """The text with `UNKNOWN` for each letter the font lacks, and how many there are.

        A raised or lowered digit it lacks is written as a plain one, which says the same.
        """
        plain = [one if self._has(one) else _on_the_line(one) for one in text]
        shown = [one if self._has(one) else UNKNOWN for one in plain]
        return "".join(shown), sum(a != b for a, b in zip(plain, shown, strict=True))

    def _has(self, letter: str) -> bool:
        return ord(letter) in self.plain.face.charToGlyph or letter.isspace()


def _on_the_line(letter: str) -> str:
    kind, _, place = unicodedata.decomposition(letter).partition(" ")
    return chr(int(place, 16)) if kind in ("<sub>", "<super>") and " " not in place else letter


def letters(folders: tuple[Path, ...] = _FOLDERS) -> Letters:
    """The widest fonts of this machine, else those that are bundled."""
    for folder in folders:
        paths = [folder / file for file in _WIDE]
        if all(path.is_file() for path in paths):
            return _registered([str(path) for path in paths])
    return _registered(list(_BUNDLED))


def _registered(files: list[str]) -> Letters:
    fonts = [TTFont(name, file) for name, file in zip(_NAMES, files, strict=True)]
    for font in fonts:
        pdfmetrics.registerFont(font)
    return Letters(*fonts)
