"""How a running service is, part by part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cloud.core.kernel.outbox import depth
from cloud.core.kernel.work import Clock, Database, StorageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How one part of the service is: `ok`, and words or ages for an operator."""

    ok: bool
    details: dict[str, object]


def report(
    database: Database, clock: Clock, probes: Mapping[str, Callable[[], Health]]
) -> dict[str, Any]:
    """The health page: `status` is ok while every part is, else failing; then each part."""
    parts: dict[str, dict[str, object]] = {"database": _database(database, clock)}
    for name, probe in probes.items():
        found = probe()
        parts[name] = {"ok": found.ok, **found.details}
    is_ok = all(part["ok"] for part in parts.values())
    return {"status": "ok" if is_ok else "failing", "parts": parts}


def _database(database: Database, clock: Clock) -> dict[str, object]:
    try:
        with database.reading(now=clock()) as work:
            return {"ok": True, "outbox_depth": depth(work)}
    except StorageError as exc:
        return {"ok": False, "cause": type(exc).__name__}
