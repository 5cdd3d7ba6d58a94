"""Scopes: one catalogue and one matcher.

Granted forms may end in a wildcard on a `:` boundary (`argus:epcr:*`, `argus:*`, `*`); required
forms are always concrete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_GRANTED: Final = re.compile(r"\*|[a-z][a-z0-9_-]*(?::[a-z][a-z0-9_-]*)*(?::\*)?")
_REQUIRED: Final = re.compile(r"[a-z][a-z0-9_-]*(?::[a-z][a-z0-9_-]*)+")


@dataclass(frozen=True, slots=True)
class Scope:
    """One row of the catalogue."""

    name: str
    description: str
    requestable: bool = True


EPCR_READ: Final = "argus:epcr:read"
EPCR_WRITE: Final = "argus:epcr:write"
DEVICES_READ: Final = "argus:devices:read"
DEVICES_WRITE: Final = "argus:devices:write"
PLATFORM_ADMIN: Final = "argus:platform:admin"
APPS_READ: Final = "platform:apps:read"
APPS_WRITE: Final = "platform:apps:write"
GATEWAY_UPLINK: Final = "gateway:uplink"

CATALOGUE: Final[tuple[Scope, ...]] = (
    Scope(DEVICES_READ, "List devices and read what they measured."),
    Scope(DEVICES_WRITE, "Enrol devices and send observations for them."),
    Scope(EPCR_READ, "Read encounters and their pseudonymised FHIR bundle."),
    Scope(EPCR_WRITE, "Open encounters and hand them over."),
    Scope(PLATFORM_ADMIN, "Administer the tenant's applications.", requestable=False),
    Scope(GATEWAY_UPLINK, "Send batches as one gateway.", requestable=False),
    Scope(APPS_READ, "Read the tenant's applications.", requestable=False),
    Scope(APPS_WRITE, "Register and change the tenant's applications.", requestable=False),
)


def covers(granted: str, required: str) -> bool:
    """Whether one granted form covers one concrete or wildcard form."""
    if granted in ("*", required):
        return True
    return granted.endswith(":*") and required.startswith(granted[:-1])


def covered(granted: Iterable[str], required: str) -> bool:
    """Whether any of the granted forms covers `required`."""
    return any(covers(scope, required) for scope in granted)


def check_required(scope: str) -> str:
    """Give back a scope an endpoint may require; AssertionError for a wildcard or a misspelling."""
    if not _REQUIRED.fullmatch(scope):
        raise AssertionError(f"an endpoint requires a concrete scope, not {scope!r}")
    return scope


def is_well_formed(scope: str) -> bool:
    """Whether a scope may stand in a grant or a request."""
    return _GRANTED.fullmatch(scope) is not None
