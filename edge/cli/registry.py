"""All commands, in the order of the help."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edge.cli import (
    buffer,
    certify,
    crew_pin,
    decode,
    enrol,
    explain,
    pair,
    recorder,
    run,
    settings,
    status,
    top,
)

if TYPE_CHECKING:
    from edge.cli.base import Commands

COMMANDS: Final[tuple[Callable[[Commands], None], ...]] = (
    run.add,
    enrol.add,
    status.add,
    top.add,
    buffer.add,
    pair.add,
    settings.add,
    recorder.add,
    decode.add,
    explain.add,
    certify.add,
    crew_pin.add,
)
