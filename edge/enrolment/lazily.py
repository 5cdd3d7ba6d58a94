"""Modules that are loaded when something of them is needed, and not before.

Certificates are read at the start of an enrolled gateway and at a renewal; their library is
7 MB of a small board's memory, which a gateway without them keeps.
"""

from __future__ import annotations

import importlib
from types import ModuleType


class _Deferred(ModuleType):
    """Stands for a module until something of it is asked for; never in `sys.modules` itself."""

    def __getattr__(self, name: str) -> object:
        """Load the module and answer for it."""
        return getattr(importlib.import_module(self.__name__), name)


def lazily(name: str) -> ModuleType:
    """The module `name`, imported at the first look into it; ImportError comes then too."""
    return _Deferred(name)
