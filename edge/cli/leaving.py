"""A box that goes from one fleet to another takes nothing of the first one's patients along."""

from __future__ import annotations

import shutil
from pathlib import Path

from edge.buffer.exporting import look
from edge.buffer.recovery import FILE_NAME as BUFFER
from edge.commands.inbox import FILE_NAME as COMMANDS
from edge.crew.folder import crew_folder
from edge.crew.leaving import forget_all, is_waiting
from edge.errors import EnrolmentError
from edge.recorder.segments import FOLDER as RECORDINGS
from edge.status.file import sole_use


def leave_fleet(data: Path) -> None:
    """Clear what belongs to the old fleet; EnrolmentError while anything of it waits to be sent.

    Commands with their encounter and enrolments, the crew's book and what it told of a patient,
    and recorded octets go; the crew's PIN, bonds and learnt configurations stay.
    """
    crew = crew_folder(data)
    with sole_use(data):
        if _rows(data) or is_waiting(crew):
            raise EnrolmentError(
                "readings or words of the crew wait for the fleet that the box is in",
                mend="Let it send them, or export them and remove the data folder; then ask for"
                " a new code",
            )
        for path in data.glob(f"{COMMANDS}*"):
            path.unlink()
        forget_all(crew)
        if (data / RECORDINGS).is_dir():
            shutil.rmtree(data / RECORDINGS)


def _rows(data: Path) -> int:
    """Rows that wait, those set apart, and files that were set aside: all could still go up."""
    if not (data / BUFFER).is_file():
        return 0
    found = look(data)
    return sum(found.waiting.values()) + sum(found.quarantine.values()) + len(found.set_aside)
