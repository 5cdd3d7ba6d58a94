"""Photographs: looked at, stripped of what the camera wrote in, kept on disk, sent in pieces."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID

from edge.crew.desk import CrewDesk, RefusedError
from edge.crew.folder import write_durably
from edge.errors import BufferFaultError
from edge.pipeline.sink import ObservationSink
from protocols.model.crew import AttachmentPart, CrewEvent, CrewEventKind

log = logging.getLogger(__name__)

PART_OCTETS: Final = 24 << 10
JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
_SUFFIXES: Final = {JPEG: ".jpg", PNG: ".png"}
_LOOK_SECONDS: Final = 5.0
_PNG_MAGIC: Final = b"\x89PNG\r\n\x1a\n"
# What a picture needs to be shown; text, time and EXIF chunks are left out.
_PNG_CHUNKS: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"pHYs"}
)
_START_OF_SCAN: Final = 0xDA
_JFIF, _ADOBE, _COMMENT = 0xE0, 0xEE, 0xFE
_APP_FIRST, _APP_LAST = 0xE0, 0xEF


def stripped(octets: bytes) -> tuple[str, bytes]:
    """The media type by the octets themselves, and the picture without place, time or maker.

    RefusedError for anything that is no whole JPEG or PNG.
    """
    if octets.startswith(b"\xff\xd8\xff"):
        return JPEG, b"".join(_jpeg_segments(octets))
    if octets.startswith(_PNG_MAGIC):
        return PNG, b"".join(_png_chunks(octets))
    raise RefusedError("That file is no JPEG or PNG picture.")


def _jpeg_segments(octets: bytes) -> Iterator[bytes]:
    """Segments up to the scan, without application data and comments; then all the rest."""
    yield octets[:2]
    place = 2
    while place + 4 <= len(octets) and octets[place] == 0xFF:
        marker = octets[place + 1]
        length = int.from_bytes(octets[place + 2 : place + 4], "big")
        if length < 2 or place + 2 + length > len(octets):
            break
        if marker == _START_OF_SCAN:
            end = octets.rfind(b"\xff\xd9")
            if end < place:
                break
            # What follows the picture's end may be another one, or a maker's note.
            yield octets[place : end + 2]
            return
        is_note = marker == _COMMENT or (
            _APP_FIRST <= marker <= _APP_LAST and marker not in (_JFIF, _ADOBE)
        )
        if not is_note:
            yield octets[place : place + 2 + length]
        place += 2 + length
    raise RefusedError("That picture is not whole.")


def _png_chunks(octets: bytes) -> Iterator[bytes]:
    yield _PNG_MAGIC
    place = len(_PNG_MAGIC)
    while place + 12 <= len(octets):
        length = int.from_bytes(octets[place : place + 4], "big")
        kind, end = octets[place + 4 : place + 8], place + 12 + length
        if end > len(octets):
            break
        if kind in _PNG_CHUNKS:
            yield octets[place:end]
        if kind == b"IEND":
            return
        place = end
    raise RefusedError("That picture is not whole.")


@dataclass(slots=True)
class Photographs:
    """The pictures on board. A picture's event is written after the picture is on the disk."""

    folder: Path
    desk: CrewDesk
    sink: ObservationSink
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(
        self, octets: bytes, *, attachment_id: UUID, by: str, text: str = ""
    ) -> CrewEvent:
        """Keep a picture for good; the same one again is the same event."""
        known = self.desk.journal.find(attachment_id)
        if known is not None:
            return known
        media_type, picture = await asyncio.to_thread(stripped, octets)
        path = self.folder / f"{attachment_id}{_SUFFIXES[media_type]}"
        await asyncio.to_thread(write_durably, path, picture)
        event = await self.desk.record(
            CrewEventKind.PHOTOGRAPH,
            by=by,
            event_id=attachment_id,
            text=text,
            details=(
                ("attachment", str(attachment_id)),
                ("media_type", media_type),
                ("octets", str(len(picture))),
                ("sha256", hashlib.sha256(picture).hexdigest()),
                ("parts", str(len(_cut(picture)))),
            ),
        )
        self._news.set()
        return event

    def find(self, attachment_id: UUID) -> tuple[str, Path] | None:
        """A picture's media type and file."""
        for media_type, suffix in _SUFFIXES.items():
            path = self.folder / f"{attachment_id}{suffix}"
            if path.is_file():
                return media_type, path
        return None

    async def run(self) -> None:
        """Put the pieces of every picture into the buffer, once each; for ever.

        A picture is marked once all its pieces are in; cut off before, it is put in again, and
        the pieces' identities make the repeat harmless.
        """
        while True:
            for path in self._unsent():
                try:
                    await self._put_in(path)
                except BufferFaultError as exc:
                    log.warning("photograph waits outside the buffer reason=%r", str(exc))
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                continue
            self._news.clear()

    @property
    def unsent(self) -> frozenset[UUID]:
        """Pictures whose pieces are not all in the buffer."""
        return frozenset(UUID(path.stem) for path in self._unsent())

    @property
    def waiting(self) -> int:
        """How many pictures wait for the buffer."""
        return len(self._unsent())

    def forget(self, *, and_torn: bool = False) -> None:
        """Remove pictures that were sent and whose event is not in the book any more.

        `and_torn`: those too whose event was never written, by a power cut between the two; only
        while none is being taken.
        """
        for path in self._pictures():
            is_over = and_torn or _mark(path).exists()
            if is_over and self.desk.journal.find(UUID(path.stem)) is None:
                path.unlink(missing_ok=True)
                _mark(path).unlink(missing_ok=True)

    def _pictures(self) -> list[Path]:
        return _pictures_in(self.folder)

    def _unsent(self) -> list[Path]:
        return [
            path
            for path in unsent_pictures(self.folder)
            if self.desk.journal.find(UUID(path.stem)) is not None
        ]

    async def _put_in(self, path: Path) -> None:
        cut = _cut(await asyncio.to_thread(path.read_bytes))
        for number, octets in enumerate(cut):
            await self.sink.append(
                [
                    AttachmentPart(
                        attachment_id=UUID(path.stem), part=number, parts=len(cut), octets=octets
                    )
                ]
            )
        await asyncio.to_thread(write_durably, _mark(path), b"")


def unsent_pictures(folder: Path) -> list[Path]:
    """Pictures whose pieces are not all in the buffer."""
    return [path for path in _pictures_in(folder) if not _mark(path).exists()]


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES.values())


def _mark(path: Path) -> Path:
    return path.with_suffix(".buffered")


def _cut(picture: bytes) -> list[bytes]:
    return [picture[start : start + PART_OCTETS] for start in range(0, len(picture), PART_OCTETS)]
