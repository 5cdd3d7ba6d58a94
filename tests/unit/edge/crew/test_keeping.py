"""What stays on board, for how long, and what of it still waits for the buffer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import UUID

from edge.crew.photographs import Photographs
from protocols.model.crew import AttachmentPart
from tests.unit.edge.crew.test_journal import Sink, desk

PICTURE = b"\xff\xd8\xff\xda\x00\x02" + bytes(60_000) + b"\xff\xd9"
NAME, OTHER = UUID(int=5), UUID(int=6)


def photographs(folder: Path, sink: Sink) -> Photographs:
    return Photographs(
        folder,
        desk=desk(folder, sink),
        sink=sink,  # type: ignore[arg-type]  # a list is sequence enough here
    )


@contextlib.asynccontextmanager
async def running(kept: Photographs) -> AsyncIterator[None]:
    task = asyncio.ensure_future(kept.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.to_thread(lambda: None)


async def test_a_picture_waits_until_the_buffer_has_all_of_its_pieces(tmp_path: Path) -> None:
    sink = Sink()
    kept = photographs(tmp_path, sink)
    assert kept.waiting == 0
    sink.is_full = True
    await kept.take(PICTURE, attachment_id=NAME, by="crew-11")
    assert kept.waiting == 1
    async with running(kept):
        sink.is_full = False
        await kept.take(PICTURE, attachment_id=OTHER, by="crew-11")
        await until(lambda: kept.waiting == 0)
    pieces = [one for one in sink.taken if isinstance(one, AttachmentPart)]
    assert {piece.attachment_id for piece in pieces} == {NAME, OTHER}
    assert len(pieces) == 6
    assert photographs(tmp_path, sink).waiting == 0
