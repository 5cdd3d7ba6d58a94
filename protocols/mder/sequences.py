"""OCTET STRING, ANY DEFINED BY and SEQUENCE OF as MDER writes them (20601 Annex F).

OCTET STRING and ANY: a 16-bit length, then the octets; odd lengths are read like even ones, for
some devices do not pad. SEQUENCE OF: a 16-bit count, a 16-bit length of all members, the members.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any, Final, cast

import construct as cs

from protocols.errors import DecodeError
from protocols.mder.records import (
    LIST_COUNT_ID,
    RecordConstruct,
    Wire,
    leniency,
    note,
    tolerated,
)

if TYPE_CHECKING:
    from construct.core import Context

OCTET_STRING: Final[Wire] = cs.Prefixed(cs.Int16ub, cs.GreedyBytes)
ANY: Final[Wire] = OCTET_STRING
_CLAUSE: Final = "20601 Annex F, SEQUENCE OF"


class SequenceOf(Wire):
    """A tuple of members, each read by `member`."""

    def __init__(self, member: Wire | type) -> None:
        super().__init__()
        self.member: Wire = RecordConstruct(member) if isinstance(member, type) else member

    def _parse(self, stream: IO[bytes], context: Context, path: str) -> tuple[Any, ...]:
        count = cs.Int16ub._parse(stream, context, path)
        octets = OCTET_STRING._parse(stream, context, path)
        by_length = leniency(context).list_counts
        inner = io.BytesIO(octets)
        members: list[Any] = []
        while inner.tell() < len(octets) if by_length else len(members) < count:
            before = inner.tell()
            members.append(self.member._parse(inner, context, path))
            if inner.tell() == before:
                raise DecodeError("a list member without octets", clause=_CLAUSE)
        if by_length and len(members) != count:
            sentence = f"a list announced {count} members and holds {len(members)}"
            note(context, tolerated(LIST_COUNT_ID, sentence))
        surplus = len(octets) - inner.tell()
        if surplus:
            raise DecodeError(
                f"a list of {count} members leaves {surplus} of its {len(octets)} octets",
                clause=_CLAUSE,
            )
        return tuple(members)

    def _build(self, obj: object, stream: IO[bytes], context: Context, path: str) -> Any:  # noqa: ANN401  # as construct declares it
        inner = io.BytesIO()
        members = tuple(cast(Iterable[Any], obj))
        for member in members:
            self.member._build(member, inner, context, path)
        cs.Int16ub._build(len(members), stream, context, path)
        OCTET_STRING._build(inner.getvalue(), stream, context, path)
        return obj


def text_of(octets: bytes) -> str:
    """The text of an OCTET STRING: ASCII or UTF-8, cut at the padding NUL, never raising.

    Surrounding blanks and control characters go; octets that are no text become the replacement
    character.
    """
    text = octets.split(b"\0", 1)[0].decode("utf-8", "replace")
    return "".join(char if char.isprintable() else " " for char in text).strip()


def padded(text: str) -> bytes:
    """The octets of a text, padded with NUL to an even length (20601: even octet strings)."""
    octets = text.encode("utf-8")
    return octets + b"\0" * (len(octets) % 2)
