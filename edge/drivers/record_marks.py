"""How far the stored records of a GATT device are durable here, kept over restarts of the gateway.

A mark is the number of the last record that is safe, with the identity its reading got. A meter
that was reset counts from the start again, so a number alone proves nothing: the marked record is
fetched once more, and only if it is the same reading the numbering is still the one we know. A
mark that is lost costs a repeat that the identities of the observations make harmless.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from protocols.errors import ProtocolError
from protocols.model.codes import SystemId

log = logging.getLogger(__name__)

FILE_NAME: Final = "record-marks.json"
MOST_KEPT: Final = 512
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class RecordMark:
    """Every record up to `number` is durable; `identity` is that of the reading it holds."""

    number: int
    identity: UUID


class RecordMarks:
    """The marks of all devices by System-Id and service; the oldest give way beyond `most`.

    Without a folder they are forgotten with the program.
    """

    def __init__(self, folder: Path | None, *, forget: bool = False, most: int = MOST_KEPT) -> None:
        self._path = None if folder is None else folder / FILE_NAME
        self._most = most
        self._known: dict[tuple[str, UUID], RecordMark] = {}
        if self._path is None:
            return
        if forget:
            self._path.unlink(missing_ok=True)
        else:
            self._load(self._path)

    def find(self, device: SystemId, service: UUID) -> RecordMark | None:
        """How far that store was read; None where nobody knows."""
        return self._known.get((device.hex, service))

    def keep(self, device: SystemId, service: UUID, mark: RecordMark) -> None:
        """Everything up to the mark is durable. A full disk costs only a repeat later."""
        key = (device.hex, service)
        self._known.pop(key, None)
        self._known[key] = mark
        while len(self._known) > self._most:
            self._known.pop(next(iter(self._known)))
        self._write()

    def drop(self, device: SystemId, service: UUID) -> None:
        """The device's numbering is another one now."""
        if self._known.pop((device.hex, service), None) is not None:
            self._write()

    def _write(self) -> None:
        if self._path is None:
            return
        rows = [
            [device, str(service), mark.number, str(mark.identity)]
            for (device, service), mark in self._known.items()
        ]
        draft = self._path.with_suffix(".draft")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                json.dump(rows, file)
            draft.replace(self._path)
        except OSError as exc:
            log.warning("record marks not written reason=%r", exc.strerror)

    def _load(self, path: Path) -> None:
        try:
            rows = json.loads(path.read_text(encoding="ascii"))
            for device, service, number, identity in rows:
                key = (SystemId.parse(device).hex, UUID(service))
                self._known[key] = RecordMark(int(number), UUID(identity))
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError, AttributeError, ProtocolError) as exc:
            # A torn or foreign file holds no marks; everything is asked for once more.
            log.warning("record marks not read reason=%r", type(exc).__name__)
            self._known.clear()
