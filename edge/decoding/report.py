"""Input in any form -> lines: a tree for people or one JSON object an item.

The JSON of an item, one line each; keys are only ever added:

    {"kind": "RoivConfirmedEventReport",      what it is
     "fields": {"invoke_id": 4660, ...},      names as the standard's in snake_case
     "warnings": ["..."],                     what was odd, in sentences
     "raw": "e700...",                        the octets of the item
     "ranges": {"invoke_id": [6, 8], ...}}    path of a field -> first octet, octet behind it

Measured numbers are exact decimal text, specials `NaN`, `NRes`, `+INFINITY`, `-INFINITY`,
`RESERVED`; counts, handles, bits and codes are whole numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from edge.decoding.kinds import APDU, BY_NAME, Item, ItemReader, Kind
from edge.decoding.node import lines_of, ranges_of, tree_of
from edge.decoding.reading import FORMS, Piece, read_pieces
from edge.errors import SettingsError
from protocols.errors import DecodeError


@dataclass(slots=True, kw_only=True)
class Decoding:
    """One run of the command.

    `kind`: what the items are; `as_json`: one JSON object an item; `keep_going`: an item nobody
    can read is told in its place and does not end the run. `failures` counts those. `session`
    chooses one capture of a file with several.
    """

    kind: Kind = APDU
    as_json: bool = False
    keep_going: bool = False
    session: str = ""
    failures: int = 0
    _readers: dict[str, ItemReader] = field(default_factory=dict)

    def lines(self, data: bytes) -> Iterator[str]:
        """Lines for every item in `data`; SettingsError at the first that is none."""
        session, seen = "", dict[str, None]()
        for piece in read_pieces(data, is_stream=self.kind.is_stream):
            seen[piece.session] = None
            if self.session and piece.session != self.session:
                continue
            if piece.session != session:
                session = piece.session
                if not self.as_json:
                    yield f"== {session}"
            try:
                item = self._read(piece)
            except SettingsError as exc:
                if not self.keep_going:
                    raise
                self.failures += 1
                yield from self._failure(piece, exc.cause)
            else:
                yield from [_json(item, piece)] if self.as_json else _text(item, piece)
        if self.session and self.session not in seen:
            names = ", ".join(filter(None, seen))
            mend = f"Choose one of: {names}" if names else "Leave the # and what follows away"
            raise SettingsError(f"the input holds no capture {self.session!r}", mend=mend)

    def _read(self, piece: Piece) -> Item:
        if piece.fault:
            raise SettingsError(f"{piece.where} {piece.fault}", mend=FORMS)
        try:
            return self._reader(piece)(piece.octets)
        except DecodeError as exc:
            raise SettingsError(self._sentence(piece, exc), mend=_MEND) from exc

    def _reader(self, piece: Piece) -> ItemReader:
        if piece.session not in self._readers:
            self._readers[piece.session] = self.kind.open()
        return self._readers[piece.session]

    def _sentence(self, piece: Piece, exc: DecodeError) -> str:
        what = "20601 message" if self.kind is APDU else self.kind.names[0]
        return f"{piece.where} is no {what}: {exc}"

    def _failure(self, piece: Piece, sentence: str) -> Iterator[str]:
        if self.as_json:
            item = {"kind": "error", "fields": {}, "warnings": [sentence]}
            yield json.dumps(item | {"raw": piece.octets.hex(), "ranges": {}})
            return
        yield f"! {sentence}"
        if piece.octets:
            yield f"  {piece.octets.hex()}"


_MEND = "Look at the octets there, or name another kind with --as"


def kind_of(name: str) -> Kind:
    """The kind of that name; SettingsError that lists the names for another."""
    found = BY_NAME.get(name)
    if found is None:
        names = ", ".join(kind.names[0] for kind in dict.fromkeys(BY_NAME.values()))
        raise SettingsError(f"nothing is read as {name!r}", mend=f"Choose one of: {names}")
    return found


def _json(item: Item, piece: Piece) -> str:
    return json.dumps(
        {
            "kind": item.kind,
            "fields": tree_of(item.node),
            "warnings": [*piece.warnings, *item.warnings],
            "raw": piece.octets.hex(),
            "ranges": ranges_of(item.node),
        }
    )


def _text(item: Item, piece: Piece) -> Iterator[str]:
    direction = f"{piece.direction} " if piece.direction else ""
    yield f"{direction}{item.kind} ({len(piece.octets)} octets)"
    yield from lines_of(item.node)
    for warning in (*piece.warnings, *item.warnings):
        yield f"  ! {warning}"
