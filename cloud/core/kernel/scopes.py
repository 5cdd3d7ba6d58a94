"""Scopes: the forms they take and the one matcher.

Granted forms may end in a wildcard on a `:` boundary (`argus:epcr:*`, `argus:*`, `*`); the scopes
of SMART App Launch 2.2 have a form of their own (`system/*.rs`). Required forms are always
concrete and in the catalogue. What is granted is written into tokens as it stands and expanded
only when a call is checked, so an action added later is covered by a wildcard granted today.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from cloud.core.kernel.scope_catalogue import (
    ACQI_READ,
    APPS_READ,
    APPS_WRITE,
    AUDIT_READ,
    BY_NAME,
    CATALOGUE,
    CLIENTS_ADMIN,
    DEVICES_READ,
    DEVICES_WRITE,
    DISCOVERY_READ,
    EPCR_HANDOVER,
    EPCR_READ,
    EPCR_WRITE,
    GATEWAY_UPLINK,
    JOBS_READ,
    JOBS_WRITE,
    OBSERVABILITY_READ,
    OPENID,
    OPERATOR_ACCESS,
    PLATFORM_ADMIN,
    PROFILE_READ,
    SUBSCRIPTIONS,
    TELEPHONY_READ,
    TELEPHONY_WRITE,
    WEBHOOKS_READ,
    WEBHOOKS_WRITE,
    Scope,
)

__all__ = [
    "ACQI_READ",
    "APPS_READ",
    "APPS_WRITE",
    "AUDIT_READ",
    "CATALOGUE",
    "CLIENTS_ADMIN",
    "DEVICES_READ",
    "DEVICES_WRITE",
    "DISCOVERY_READ",
    "EPCR_HANDOVER",
    "EPCR_READ",
    "EPCR_WRITE",
    "EVERYTHING",
    "GATEWAY_UPLINK",
    "JOBS_READ",
    "JOBS_WRITE",
    "LONGEST",
    "OBSERVABILITY_READ",
    "OPENID",
    "OPERATOR_ACCESS",
    "PLATFORM_ADMIN",
    "PROFILE_READ",
    "SUBSCRIPTIONS",
    "TELEPHONY_READ",
    "TELEPHONY_WRITE",
    "WEBHOOKS_READ",
    "WEBHOOKS_WRITE",
    "Scope",
    "check_required",
    "covered",
    "covers",
    "intersection",
    "is_grantable",
    "is_well_formed",
    "named_within",
]

EVERYTHING: Final = "*"
LONGEST: Final = 100
_PLAIN: Final = re.compile(r"\*|[a-z][a-z0-9_-]*(?::[a-z][a-z0-9_-]*)*(?::\*)?")
_SMART: Final = re.compile(r"(system)/(\*|[A-Z][A-Za-z]*)\.(c?r?u?d?s?)")


class _Smart(NamedTuple):
    """A SMART scope taken apart: at which level, which type, which of c, r, u, d, s."""

    level: str
    kind: str
    may: frozenset[str]


def _smart(scope: str) -> _Smart | None:
    found = _SMART.fullmatch(scope)
    if found is None or not found[3]:
        return None
    return _Smart(found[1], found[2], frozenset(found[3]))


def covers(granted: str, required: str) -> bool:
    """Whether one granted form covers one concrete or wildcard form."""
    if granted in (EVERYTHING, required):
        return True
    if granted.endswith(":*"):
        return required.startswith(granted[:-1])
    if "/" not in granted:
        return False
    held, wanted = _smart(granted), _smart(required)
    if held is None or wanted is None or held.level != wanted.level:
        return False
    return held.kind in (EVERYTHING, wanted.kind) and wanted.may <= held.may


def covered(granted: Iterable[str], required: str) -> bool:
    """Whether any of the granted forms covers `required`."""
    return any(covers(scope, required) for scope in granted)


def intersection(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """What both grants allow, in the narrower form of each pair, each once.

    `cases:*` and `cases:read` meet in `cases:read`.
    """
    left, right = tuple(first), tuple(second)
    met = [scope for scope in left if covered(right, scope)]
    met += [scope for scope in right if covered(left, scope)]
    return tuple(dict.fromkeys(met))


def named_within(text: str, allowed: tuple[str, ...]) -> tuple[str, ...] | None:
    """The scopes that a request names, each once, and all of `allowed` when it names none; None
    where one is misspelled or not covered.
    """
    if not text.strip():
        return allowed
    named = tuple(dict.fromkeys(text.split(" ")))
    fits = all(is_well_formed(scope) and covered(allowed, scope) for scope in named)
    return named if fits else None


def check_required(scope: str) -> str:
    """Give back a scope an endpoint may require; AssertionError for one not in the catalogue.

    Only concrete scopes are in it, so a wildcard can never be required.
    """
    if scope not in BY_NAME:
        raise AssertionError(f"an endpoint requires a scope of the catalogue, not {scope!r}")
    return scope


def is_well_formed(scope: str) -> bool:
    """Whether a scope may stand in a grant or a request."""
    if len(scope) > LONGEST:
        return False
    return _PLAIN.fullmatch(scope) is not None or _smart(scope) is not None


def is_grantable(scope: str, *, registered: Iterable[str] = (), is_internal: bool = False) -> bool:
    """Whether an operator may grant it: known, or a wildcard that covers something known.

    `registered` are scopes a tenant's own services added. Everything at once is for internal
    clients alone.
    """
    if scope == EVERYTHING:
        return is_internal
    known = (*BY_NAME, *registered)
    return is_well_formed(scope) and any(covers(scope, name) for name in known)
