"""The composition root: settings become objects, objects become tasks of one group."""

from __future__ import annotations

from edge.app.configured import run_configured
from edge.app.gateway import RunWishes
from edge.app.running import run

__all__ = ["RunWishes", "run", "run_configured"]
