"""What a receiver answers (HL7 v2.5.1, 2.9.2): MSA and ERR of whatever it sent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

CODES: Final = ("AA", "AE", "AR", "CA", "CE", "CR")
_HEADER: Final = "MSH"
_MOST_ERRORS: Final = 10
_LONGEST: Final = 400
_UNESCAPES: Final = {"F": "|", "S": "^", "T": "&", "R": "~", "E": "\\"}
_ESCAPED: Final = re.compile(r"\\([FSTRE])\\")


class UnreadableAcknowledgementError(ValueError):
    """What came back is no acknowledgement."""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`code` one of `CODES`, the id of the message it is about, and the receiver's words."""

    code: str
    control_id: str
    words: str

    @property
    def is_good(self) -> bool:
        """Taken: by the application, or to be kept safely until it takes it."""
        return self.code in ("AA", "CA")

    @property
    def is_error(self) -> bool:
        """The content is wrong: the same again would be wrong again."""
        return self.code in ("AE", "CE")


def read_acknowledgement(octets: bytes) -> Acknowledgement:
    """Read it by its own delimiters; UnreadableAcknowledgementError for anything else."""
    lines = octets.decode("utf-8", errors="replace").replace("\n", "\r").split("\r")
    segments = [line for line in lines if line]
    if not segments or not segments[0].startswith(_HEADER) or len(segments[0]) <= len(_HEADER):
        raise UnreadableAcknowledgementError("no MSH")
    delimiter = segments[0][len(_HEADER)]
    rows = [line.split(delimiter) for line in segments]
    about = next((row for row in rows if row[0] == "MSA"), None)
    if about is None or _field(about, 1) not in CODES:
        raise UnreadableAcknowledgementError("no MSA")
    errors = [_error(row) for row in rows if row[0] == "ERR"][:_MOST_ERRORS]
    words = [_plain(_field(about, 3)), *errors]
    return Acknowledgement(
        code=_field(about, 1),
        control_id=_field(about, 2),
        words="\n".join(word[:_LONGEST] for word in words if word),
    )


def _error(row: list[str]) -> str:
    """Where, what and how bad, and its words (ERR-2, 3, 4, 7, 8); before 2.5 only ERR-1."""
    told = [_plain(_field(row, number)) for number in (2, 3, 4, 7, 8)]
    return " ".join(word for word in told if word) or _plain(_field(row, 1))


def _field(row: list[str], number: int) -> str:
    return row[number].strip() if len(row) > number else ""


def _plain(field: str) -> str:
    """A field for a person: components apart by blanks, escapes undone."""
    shown = " ".join(part for part in field.split("^") if part)
    return _ESCAPED.sub(lambda found: _UNESCAPES[found[1]], shown)
