"""vitalwire-sim: simulated devices, their patient, and the whole incident from one command."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Protocol, cast

from simulators.early_interrupt import ending_at_once


class Commands(Protocol):
    """The module behind this one; loaded by name, so that Ctrl-C is quiet meanwhile."""

    def main(self, argv: Sequence[str] | None = None) -> int:
        """Run one command."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 or 2 when it could not."""
    with ending_at_once():
        commands = cast("Commands", importlib.import_module("simulators.commands"))
    return commands.main(argv)


if __name__ == "__main__":
    sys.exit(main())
