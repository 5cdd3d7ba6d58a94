"""A sheet of paper: the lines above and below each page, tables and headings in one style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    Flowable,
    KeepTogether,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from cloud.report.fonts import Letters

MARGIN: Final = 15.0
WIDTH: Final = A4[0] - 2 * MARGIN * mm
_RULE, _SOFT = Color(0.75, 0.75, 0.75), Color(0.3, 0.3, 0.3)
_SIZE: Final = 8.5
_PADDING: Final = 6
"""Points that the library's frames keep free by themselves."""


@dataclass(slots=True)
class Sheet:
    """Gathers what is printed, and says how many letters could not be."""

    letters: Letters
    story: list[Flowable] = field(default_factory=list)
    unknown: int = 0

    def text(self, words: str) -> str:
        """Words as the font can print them, counted where it cannot."""
        shown, unknown = self.letters.printable(words)
        self.unknown += unknown
        return shown

    def heading(self, words: str) -> Flowable:
        """The title of a section."""
        return Paragraph(escape(self.text(words)), self._style(11, bold=True, before=8, after=3))

    def paragraph(self, words: str, *, bold: bool = False, size: float = _SIZE) -> Flowable:
        """A few plain sentences."""
        return Paragraph(escape(self.text(words)), self._style(size, bold=bold, after=2))

    def table(
        self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[float]
    ) -> Flowable:
        """A table whose head comes again on each page; `widths` are shares of the page's."""
        plain, bold = self._style(_SIZE), self._style(_SIZE, bold=True)
        cells = [[Paragraph(escape(self.text(one)), bold) for one in head]] if head else []
        cells += [[Paragraph(escape(self.text(one)), plain) for one in row] for row in rows]
        whole = sum(widths)
        made = Table(
            cells,
            colWidths=[WIDTH * one / whole for one in widths],
            repeatRows=1 if head else 0,
            hAlign="LEFT",
        )
        made.setStyle(
            TableStyle(
                [
                    ("LINEBELOW", (0, 0), (-1, -1), 0.3, _RULE),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                    ("LEFTPADDING", (0, 0), (-1, -1), 2),
                    ("RIGHTPADDING", (0, 0), (-1, -1), 2),
                    ("TOPPADDING", (0, 0), (-1, -1), 1.2),
                    ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
                ]
            )
        )
        return made

    def add(self, *parts: Flowable) -> None:
        """Print one after the other."""
        self.story += parts

    def add_together(self, *parts: Flowable) -> None:
        """The same, on one page."""
        self.story.append(KeepTogether(list(parts)))

    def section(
        self,
        title: str,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        *,
        nothing: str = "",
    ) -> None:
        """A heading, if it has one, and its table, or the words for that there is nothing."""
        if rows:
            self.add(*([self.heading(title)] if title else []), self.table(head, rows, widths))
        elif nothing:
            self.add_together(self.heading(title), self.paragraph(nothing))

    def gap(self, height: float) -> None:
        """Some millimetres of nothing."""
        self.story.append(Spacer(1, height * mm))

    def printed(self, *, title: str, top: str, bottom: str) -> bytes:
        """The document; its page numbers say of how many."""
        buffer = BytesIO()
        document = SimpleDocTemplate(
            buffer,
            pagesize=A4,
            leftMargin=MARGIN * mm - _PADDING,
            rightMargin=MARGIN * mm - _PADDING,
            topMargin=(MARGIN + 5) * mm,
            bottomMargin=(MARGIN + 5) * mm,
            title=title,
            author="Vitalwire",
            invariant=1,
        )
        frame = _Frame(self.letters, self.text(top), self.text(bottom))
        document.build(self.story, canvasmaker=frame.canvas)
        return buffer.getvalue()

    def _style(
        self, size: float, *, bold: bool = False, before: float = 0, after: float = 0
    ) -> ParagraphStyle:
        return ParagraphStyle(
            f"{size}-{bold}",
            fontName=self.letters.bold_name if bold else self.letters.name,
            fontSize=size,
            leading=size * 1.25,
            spaceBefore=before,
            spaceAfter=after,
            keepWithNext=before > 0,
            splitLongWords=True,
        )


@dataclass(frozen=True, slots=True)
class _Frame:
    """What stands above and below on every page."""

    letters: Letters
    top: str
    bottom: str

    def canvas(self, *arguments: Any, **named: Any) -> Canvas:  # noqa: ANN401 - the library's own
        """A canvas that knows at its end how many pages it has."""
        return _Numbered(self, *arguments, **named)

    def draw(self, pen: Canvas, number: int, pages: int) -> None:
        """On one page."""
        pen.setFont(self.letters.name, 7)
        pen.setFillColor(_SOFT)
        pen.setStrokeColor(_RULE)
        pen.setLineWidth(0.4)
        width, height = A4
        pen.drawString(MARGIN * mm, height - 12 * mm, self.top)
        pen.line(MARGIN * mm, height - 14 * mm, width - MARGIN * mm, height - 14 * mm)
        pen.line(MARGIN * mm, 15 * mm, width - MARGIN * mm, 15 * mm)
        pen.drawString(MARGIN * mm, 11 * mm, self.bottom)
        pen.drawRightString(width - MARGIN * mm, 11 * mm, f"Page {number} of {pages}")


class _Numbered(Canvas):
    """Keeps each page back until all are there."""

    def __init__(self, frame: _Frame, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 - as the base class
        super().__init__(*arguments, **named)
        self._frame = frame
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's own name
        """Keep the page."""
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]  # the library hides how a page begins

    def save(self) -> None:
        """Draw what stands on every page, and write them all."""
        for number, page in enumerate(self._pages, 1):
            self.__dict__.update(page)
            self._frame.draw(self, number, len(self._pages))
            super().showPage()
        super().save()
