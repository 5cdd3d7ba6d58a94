"""All commands, in the order of the help; each is loaded by name when it is the one to run."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from types import ModuleType

    from edge.cli.base import Commands

Adder = Callable[["Commands"], None]

COMMANDS: Final = (
    "run",
    "enrol",
    "status",
    "top",
    "buffer",
    "pair",
    "station",
    "settings",
    "recorder",
    "decode",
    "explain",
    "certify",
    "crew-pin",
)
_LIVES_LONG: Final = "run"


def adders(arguments: Sequence[str]) -> tuple[Adder, ...]:
    """What adds the command that `arguments` begin with; all of them when it is none."""
    word = arguments[0] if arguments else ""
    if word == _LIVES_LONG:
        # httpx brings a command line of its own where pygments is installed, as `top` needs it; the
        # gateway keeps those megabytes.
        with _without("pygments"):
            return (_adder(word),)
    return tuple(_adder(name) for name in ((word,) if word in COMMANDS else COMMANDS))


def _adder(name: str) -> Adder:
    module = importlib.import_module(f"edge.cli.{name.replace('-', '_')}")
    return cast("Adder", module.add)


@contextmanager
def _without(package: str) -> Iterator[None]:
    """Importing `package` fails in this block, unless it is there already."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = cast("ModuleType", None)
    try:
        yield
    finally:
        del sys.modules[package]
