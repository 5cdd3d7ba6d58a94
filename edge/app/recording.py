"""The flight recorder of a run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from edge.clock import Clock
from edge.recorder.recorder import FlightRecorder
from edge.recorder.segments import FOLDER
from edge.settings import EdgeSettings


@asynccontextmanager
async def open_recorder(
    settings: EdgeSettings, folder: Path, clock: Clock
) -> AsyncIterator[FlightRecorder]:
    """In its own folder of the data folder; sealed at the end."""
    recorder = FlightRecorder(folder / FOLDER, settings.recorder, clock=clock)
    recorder.start()
    try:
        yield recorder
    finally:
        await recorder.close()
