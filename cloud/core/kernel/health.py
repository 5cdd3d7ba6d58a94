"""How one part of a running service is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one part of the service is: `ok`, and words or ages for an operator."""

    ok: bool
    details: dict[str, object]
