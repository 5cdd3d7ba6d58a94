"""Every monitor's protocol this package knows: one line per file."""

from __future__ import annotations

from typing import Final

from protocols.monitors import intellivue
from protocols.monitors.base import Monitor

MONITORS: Final[tuple[Monitor, ...]] = (intellivue.MONITOR,)

BY_NAME: Final[dict[str, Monitor]] = {monitor.name: monitor for monitor in MONITORS}
"""Monitors by the names operators give."""
