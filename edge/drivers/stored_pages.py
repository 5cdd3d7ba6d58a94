"""Pages of PM-stores that are durable here, kept on disk by the marks a connection gave them.

A device sends its whole store in every association. What it sent before is known by these marks,
is confirmed and not stored once more. A mark that is lost, by a torn line or because the oldest
give way, costs a repeat that the identities of the observations make harmless.

The marks say what the buffer took. They are forgotten when it was damaged or begins anew.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import OrderedDict
from pathlib import Path
from typing import Final

from edge.errors import StartError
from protocols.errors import ProtocolError
from protocols.model.codes import SystemId

log = logging.getLogger(__name__)

FILE_NAME: Final = "stored-pages"
MOST_KEPT: Final = 16_384
_PRIVATE: Final = 0o600
_MARK_OCTETS: Final = 16


class StoredPages:
    """The marks of all devices; the oldest give way beyond `most`.

    One line a mark is appended, without waiting for the disk: the page itself is durable before.
    """

    def __init__(self, folder: Path, *, forget: bool = False, most: int = MOST_KEPT) -> None:
        self._path = folder / FILE_NAME
        self._most = most
        self._known: OrderedDict[tuple[SystemId, bytes], None] = OrderedDict()
        self._lines = 0
        try:
            if forget:
                self._path.unlink(missing_ok=True)
            elif self._path.is_file():
                self._load()
        except OSError as exc:
            raise StartError(
                f"the file {self._path} cannot be used ({(exc.strerror or '').lower()})",
                mend="Give the gateway's user the data folder",
            ) from exc

    def __len__(self) -> int:
        return len(self._known)

    def is_kept(self, system_id: SystemId, mark: bytes) -> bool:
        """Whether a page with this mark is durable; a `StoredPages` of the manager."""
        key = (system_id, mark)
        if key not in self._known:
            return False
        self._known.move_to_end(key)
        return True

    def keep(self, system_id: SystemId, mark: bytes) -> None:
        """A page is durable. A full disk costs only a repeat later."""
        if self.is_kept(system_id, mark):
            return
        self._remember(system_id, mark)
        try:
            if self._lines >= 2 * self._most:
                self._write_again()
            else:
                self._append(_line(system_id, mark))
        except OSError as exc:
            log.warning("page not marked system_id=%s reason=%r", system_id, exc.strerror)

    def _remember(self, system_id: SystemId, mark: bytes) -> None:
        self._known[system_id, mark] = None
        self._known.move_to_end((system_id, mark))
        while len(self._known) > self._most:
            self._known.popitem(last=False)

    def _append(self, text: str) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PRIVATE)
        with os.fdopen(descriptor, "a", encoding="ascii") as file:
            file.write(text)
        self._lines += 1

    def _write_again(self) -> None:
        draft = self._path.with_suffix(".draft")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.writelines(_line(*key) for key in self._known)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self._lines = len(self._known)

    def _load(self) -> None:
        lines = self._path.read_text(encoding="ascii", errors="replace").split("\n")
        for line in lines:
            # A torn or damaged line is no mark.
            with contextlib.suppress(ValueError, ProtocolError):
                device, text = line.split(" ")
                mark = bytes.fromhex(text)
                if len(mark) == _MARK_OCTETS:
                    self._remember(SystemId.parse(device), mark)
        self._lines = len(lines) - 1
        if lines[-1]:
            self._append("\n")  # what follows must not stick to a torn line


def _line(system_id: SystemId, mark: bytes) -> str:
    return f"{system_id.hex} {mark.hex()}\n"
