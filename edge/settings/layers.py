"""What the settings are made of besides the file and the environment: enrolment and configuration.

From the weakest: what the gateway was told when it joined, the settings file, the signed
configuration, the environment. What makes the box the box it is stays the file's and the
enrolment's.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from edge.enrolment.configuration import ConfigurationFolder
from edge.enrolment.identity import Identity

OF_THE_BOX: Final = frozenset(
    {
        "data",
        "gateway_id",
        "tenant_id",
        "gateway_secret",
        "gateway_secret_file",
        "certificate_file",
        "system_id",
    }
)


FILLED_IN: Final = frozenset({"gateway_id", "tenant_id", "vehicle_id"})


def layered(
    data: Path, file: Mapping[str, object], candidate: Mapping[str, object] | None
) -> Mapping[str, object]:
    """The file's settings with what lies under and over them in the data folder."""
    file = without_blanks(file)
    identity = Identity(data)
    membership = identity.membership()
    if membership is None:
        return file
    joined: dict[str, object] = {
        "data": str(data),
        "gateway_id": membership.gateway_id,
        "tenant_id": membership.tenant_id,
        "vehicle_id": membership.vehicle_id,
        "certificate_file": str(identity.certificate_file or ""),
    }
    if (trust := identity.trust_file) is not None:
        joined["uplink"] = {"ca_file": str(trust)}
    folder = ConfigurationFolder(data, membership)
    signed = folder.settings() if candidate is None else candidate
    kept = {name: value for name, value in signed.items() if name not in OF_THE_BOX}
    return merged(merged(joined, file), kept)


def without_blanks(file: Mapping[str, object]) -> dict[str, object]:
    """The file without what nobody filled in: what the gateway was told when it joined counts."""
    return {name: value for name, value in file.items() if value or name not in FILLED_IN}


def merged(under: Mapping[str, object], over: Mapping[str, object]) -> dict[str, object]:
    """`over` in place of `under`, group by group."""
    result = dict(under)
    for name, value in over.items():
        below = result.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[name] = merged(below, value)
        else:
            result[name] = value
    return result
