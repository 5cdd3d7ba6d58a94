"""The radio devices of this vehicle: those of the settings, and those a person paired at run time.

The latter are kept in a file of the data folder: a device paired on the crew's page is still
enrolled after a restart, until somebody has it forgotten.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.model.codes import SystemId

log = logging.getLogger(__name__)

FILE_NAME: Final = "radio-devices.json"
MOST_PAIRED: Final = 64
_PRIVATE: Final = 0o600


@dataclass(frozen=True, slots=True)
class RadioDevice:
    """One device: `address` in upper case, what the crew calls it, the row of its quirks."""

    address: str
    name: str
    model: str = ""


class RadioDevices:
    """All of them by address; those of the settings cannot be forgotten."""

    def __init__(self, folder: Path, configured: Iterable[RadioDevice]) -> None:
        self._path = folder / FILE_NAME
        self._configured = {item.address: item for item in configured}
        self._paired = self._load()

    def __iter__(self) -> Iterator[RadioDevice]:
        """The configured ones first."""
        yield from self._configured.values()
        yield from (item for item in self._paired.values() if item.address not in self._configured)

    def find(self, address: str) -> RadioDevice | None:
        """The device at an address."""
        return self._configured.get(address) or self._paired.get(address)

    def add(self, device: RadioDevice) -> None:
        """A person paired it; the one paired longest ago gives way beyond some dozens."""
        if device.address in self._configured:
            return
        self._paired[device.address] = device
        while len(self._paired) > MOST_PAIRED:
            self._paired.pop(next(iter(self._paired)))
        self._write()

    def remove(self, address: str) -> bool:
        """A person had it forgotten; False for one of the settings."""
        if self._paired.pop(address, None) is not None:
            self._write()
        return address not in self._configured

    def _write(self) -> None:
        rows = [[item.address, item.name, item.model] for item in self._paired.values()]
        draft = self._path.with_suffix(".draft")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(rows, file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        except OSError as exc:
            log.warning("radio devices not written reason=%r", exc.strerror)

    def _load(self) -> dict[str, RadioDevice]:
        try:
            rows = json.loads(self._path.read_text(encoding="utf-8"))
            devices = [RadioDevice(str(a), str(name), str(model)) for a, name, model in rows]
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError) as exc:
            log.warning("radio devices not read reason=%r", type(exc).__name__)
            return {}
        return {item.address: item for item in devices}


def address_identity(address: str) -> SystemId:
    """An EUI-64 from a Bluetooth address, for a device that tells no System ID of its own.

    As EUI-48 numbers are mapped: FF FE between the maker's half and the device's.
    """
    return SystemId.from_address(bytes.fromhex(address.replace(":", "")))
