"""The gateway's own System-Id: given by the operator, else derived once and kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from edge.errors import StartError
from protocols.errors import DecodeError
from protocols.model.codes import SystemId

FILE_NAME: Final = "system-id"
_LOCAL: Final = 0x02
_GROUP: Final = 0x01


def derive_system_id(gateway_id: str) -> SystemId:
    """An EUI-64 of our own making: locally administered, the same for the same gateway."""
    octets = bytearray(hashlib.sha256(f"vitalwire gateway {gateway_id}".encode()).digest()[:8])
    octets[0] = (octets[0] | _LOCAL) & ~_GROUP
    return SystemId(bytes(octets))


def own_system_id(folder: Path, *, given: str, gateway_id: str) -> SystemId:
    """The operator's wish, else what was used before, else a derived one that is kept.

    Devices remember who they spoke to, so a gateway that is renamed keeps its identity.
    """
    if given:
        return SystemId.parse(given)
    path = folder / FILE_NAME
    try:
        if path.is_file():
            return SystemId.parse(path.read_text(encoding="ascii").strip())
        system_id = derive_system_id(gateway_id)
        path.write_text(f"{system_id}\n", encoding="ascii")
    except OSError as exc:
        raise StartError(
            f"{path} cannot be used ({(exc.strerror or '').lower()})",
            mend="Free space on its disk and give the gateway's user the folder",
        ) from exc
    except (DecodeError, UnicodeDecodeError) as exc:
        raise StartError(
            f"{path} holds no System-Id",
            mend="Remove the file, or set system_id in the settings",
        ) from exc
    return system_id
