"""Words that tables are looked up by, several times for every report."""

from __future__ import annotations

from enum import Enum


class TableKey(Enum):
    """An enumeration whose members are known by their identity.

    A plain one works out the hash of a member's name at every look into a table.
    """

    __hash__ = object.__hash__
