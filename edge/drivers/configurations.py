"""Extended configurations kept on disk, so that a device known yesterday reports at once today.

One file a configuration, readable by the gateway's user alone, with a digest over what it holds;
a file that does not match its digest, or cannot be decoded, is removed: the device will report
its configuration again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from edge.errors import StartError
from protocols.errors import ProtocolError
from protocols.ieee20601.configuration import Configuration, decode_configuration
from protocols.model.codes import SystemId

log = logging.getLogger(__name__)

_MOST_KEPT: Final = 512
_MOST_OCTETS: Final = 1 << 20
"""Of all together; a device's configuration has some hundreds, and costs forty times as many."""
_PRIVATE: Final = 0o600


class ConfigurationStore:
    """What devices reported, by (system id, configuration id)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[SystemId, int], Configuration] = {}
        self._octets: dict[tuple[SystemId, int], bytes] = {}
        self._firmware: dict[tuple[SystemId, int], str] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            paths = sorted(folder.glob("*.json"))
        except OSError as exc:
            raise StartError(
                f"the folder {folder} cannot be used ({(exc.strerror or '').lower()})",
                mend="Give the gateway's user the data folder",
            ) from exc
        for path in paths:
            self._load(path)

    def find(self, system_id: SystemId, config_id: int) -> Configuration | None:
        """The configuration a device reported earlier; a `ConfigurationSource`."""
        known = self._known.get((system_id, config_id))
        firmware = self._firmware.get((system_id, config_id), "")
        return None if known is None else replace(known, firmware=firmware)

    def octets_of(self, system_id: SystemId, config_id: int) -> bytes | None:
        """Its ConfigReport as it was received; None when none is kept."""
        return self._octets.get((system_id, config_id))

    def remember(self, system_id: SystemId, config_id: int, octets: bytes) -> None:
        """Keep what was accepted. A full disk costs only the next start a little time."""
        try:
            configuration = decode_configuration(octets)
            for kept in (self._known, self._octets, self._firmware):
                kept.pop((system_id, config_id), None)
            self._known[system_id, config_id] = configuration
            self._octets[system_id, config_id] = octets
            while self._are_too_many():
                self.forget(*next(iter(self._known)))
            self._write(system_id, config_id)
        except ProtocolError as exc:
            log.warning("configuration not kept system_id=%s reason=%r", system_id, str(exc))
        except OSError as exc:
            log.warning("configuration not kept system_id=%s reason=%r", system_id, exc.strerror)

    def agrees(self, system_id: SystemId, config_id: int, firmware: str) -> bool:
        """Whether what is kept was learnt from this firmware; the first one named is noted.

        Another firmware may mean other things by the same configuration id (8.9): what was kept
        is dropped then, and the next association asks for it anew.
        """
        key = (system_id, config_id)
        if key not in self._known or not firmware:
            return True
        learnt_from = self._firmware.get(key)
        if learnt_from is None:
            self._firmware[key] = firmware
            try:
                self._write(system_id, config_id)
            except OSError as exc:
                log.warning("firmware not kept system_id=%s reason=%r", system_id, exc.strerror)
            return True
        if learnt_from == firmware:
            return True
        self.forget(system_id, config_id)
        return False

    def forget(self, system_id: SystemId, config_id: int) -> None:
        """Drop one that no longer fits its device."""
        for kept in (self._known, self._octets, self._firmware):
            kept.pop((system_id, config_id), None)
        with contextlib.suppress(OSError):
            self._path(system_id, config_id).unlink(missing_ok=True)

    def _are_too_many(self) -> bool:
        octets = sum(map(len, self._octets.values()))
        return len(self._known) > _MOST_KEPT or octets > _MOST_OCTETS

    def _path(self, system_id: SystemId, config_id: int) -> Path:
        return self._folder / f"{system_id.hex}-{config_id:04X}.json"

    def _write(self, system_id: SystemId, config_id: int) -> None:
        octets = self._octets[system_id, config_id]
        firmware = self._firmware.get((system_id, config_id), "")
        path = self._path(system_id, config_id)
        draft = path.with_suffix(".draft")
        content = json.dumps(
            {
                "system_id": system_id.hex,
                "config_id": config_id,
                "octets": octets.hex(),
                "firmware": firmware,
                "sha256": _digest(system_id, config_id, octets, firmware),
            }
        )
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(descriptor, _PRIVATE)  # a draft that was left behind keeps its own mode
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def _load(self, path: Path) -> None:
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            system_id = SystemId.parse(str(record["system_id"]))
            config_id = int(record["config_id"])
            octets = bytes.fromhex(record["octets"])
            firmware = str(record.get("firmware", ""))
            if record["sha256"] != _digest(system_id, config_id, octets, firmware):
                _drop(path, "digest differs")
                return
            self._known[system_id, config_id] = decode_configuration(octets)
            self._octets[system_id, config_id] = octets
            if firmware:
                self._firmware[system_id, config_id] = firmware
            path.chmod(_PRIVATE)
        except (OSError, ValueError, KeyError, TypeError, ProtocolError) as exc:
            _drop(path, str(exc))


def _drop(path: Path, reason: str) -> None:
    log.warning("configuration dropped file=%s reason=%r", path.name, reason)
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def _digest(system_id: SystemId, config_id: int, octets: bytes, firmware: str) -> str:
    head = b"%s/%d/" % (system_id.octets, config_id)
    return hashlib.sha256(head + octets + firmware.encode()).hexdigest()
