"""Record what passes over any line: field problems become test vectors.

A record holds patient data: the file is readable by the gateway's user alone, and bounded.
"""

from __future__ import annotations

import logging
import os
import re
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from edge.clock import Clock
from edge.transports.base import ByteTransport
from protocols.captures import (
    AGENT_TO_MANAGER,
    MANAGER_TO_AGENT,
    Capture,
    CapturedMessage,
    format_capture,
)
from protocols.captures.file_format import format_message

log = logging.getLogger(__name__)

MOST_OCTETS: Final = 64 << 20
_PRIVATE: Final = 0o600


class RecordingTransport:
    """The same line, with a record of both directions in our capture format."""

    def __init__(self, line: ByteTransport, file: IO[str], *, name: str, clock: Clock) -> None:
        self._line = line
        self._file: IO[str] | None = file
        self._clock = clock
        self._began = clock.monotonic()
        self._octets = 0
        self._write_text(format_capture(Capture(name, ())))

    async def read(self) -> bytes:
        """As the line reads."""
        data = await self._line.read()
        if data:
            self._record(AGENT_TO_MANAGER, data)
        return data

    async def write(self, data: bytes) -> None:
        """As the line writes; recorded once it is taken."""
        await self._line.write(data)
        self._record(MANAGER_TO_AGENT, data)

    async def close(self) -> None:
        """End line and record."""
        await self._line.close()
        file, self._file = self._file, None
        if file is not None:
            _close_quietly(file)

    def _record(self, direction: str, data: bytes) -> None:
        seconds = round(self._clock.monotonic() - self._began, 6)
        self._write_text(format_message(CapturedMessage(direction, seconds, data)) + "\n")

    def _write_text(self, text: str) -> None:
        if self._file is None:
            return
        self._octets += len(text)
        if self._octets > MOST_OCTETS:
            self._stop("the record is as long as one may be")
            return
        try:
            self._file.write(text)
            self._file.flush()
        except OSError as exc:
            self._stop(exc.strerror or type(exc).__name__)

    def _stop(self, reason: str) -> None:
        """The record is for us, the readings are for the patient: the line goes on."""
        log.warning("recording stopped reason=%r", reason)
        file, self._file = self._file, None
        if file is not None:
            _close_quietly(file)


def record_line(
    line: ByteTransport, *, folder: Path, device: str, clock: Clock, at: datetime
) -> ByteTransport:
    """The line with a recorder around it, in a new file of `folder`; alone when none fits."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", device)
    label = f"{name}-{at:%Y%m%dT%H%M%S%f}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(
            folder / f"{label}.jsonl", os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE
        )
    except OSError as exc:
        log.warning("not recorded device=%s reason=%r", device, exc.strerror)
        return line
    file = os.fdopen(descriptor, "w", encoding="utf-8")
    return RecordingTransport(line, file, name=label, clock=clock)


def _close_quietly(file: IO[str]) -> None:
    try:
        file.close()
    except OSError as exc:
        log.warning("record not closed reason=%r", exc.strerror)
