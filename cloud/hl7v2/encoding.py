"""Fields and segments of HL7 v2.5.1 (chapter 2): delimiters escaped, nothing else changed.

A `Field` is text that was encoded already. Whatever a person or device wrote comes in through
`text`, so it can end neither its field nor its message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final, NewType

Field = NewType("Field", str)

NOTHING: Final = Field("")
SEGMENT_END: Final = "\r"
DELIMITERS: Final = "^~\\&"
_ESCAPES: Final = str.maketrans(
    {
        "\\": "\\E\\",
        "|": "\\F\\",
        "^": "\\S\\",
        "~": "\\R\\",
        "&": "\\T\\",
        # Controls end segments and frames; any of them goes as its hexadecimal octets (2.7.5).
        **{chr(code): f"\\X{code:02X}\\" for code in (*range(0x20), 0x7F)},
    }
)
_HEADER: Final = "MSH"


def text(value: object) -> Field:
    """Free text as one component."""
    return Field(str(value).translate(_ESCAPES))


def components(*values: object) -> Field:
    """Components of one field; the empty ones at the end are left out."""
    return Field("^".join(text(value) for value in values).rstrip("^"))


def repeated(fields: Iterable[Field]) -> Field:
    """One field several times; empty ones are left out."""
    return Field("~".join(field for field in fields if field))


def segment(name: str, fields: Mapping[int, Field]) -> str:
    """A segment of the fields by their numbers; in MSH the first two are the delimiters."""
    last = max(fields)
    first = 3 if name == _HEADER else 1
    told = [fields.get(number, NOTHING) for number in range(first, last + 1)]
    head = [name, DELIMITERS] if name == _HEADER else [name]
    return "|".join([*head, *told]).rstrip("|")


def message(segments: Iterable[str]) -> bytes:
    """The segments as UTF-8, each with its end."""
    return "".join(f"{one}{SEGMENT_END}" for one in segments).encode()


def time(at: datetime) -> Field:
    """An aware time as a TS with milliseconds and its zone (2.A.77); always UTC."""
    utc = at.astimezone(UTC)
    return Field(f"{utc:%Y%m%d%H%M%S}.{utc.microsecond // 1000:03d}+0000")
