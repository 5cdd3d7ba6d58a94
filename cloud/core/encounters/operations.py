"""Operations: one thing told by one device each, of a field or of an entry of a list."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cloud.core.encounters.catalogue import LISTS
from cloud.core.encounters.record_tables import EncounterOpRow
from cloud.core.kernel.exact_json import dumps

MOST_SKEW: Final = timedelta(minutes=10)
"""A device whose clock differs by more is flagged."""
CLOCK_SKEW: Final = "clock_skew"
_ENTRY: Final = re.compile(
    rf"({'|'.join(LISTS)})/([0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}})"
)

Vector = Mapping[str, int]
"""How many operations of each device somebody knew of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """`value` is as it is kept: JSON with numbers as their digits. `by` is who brought it.

    `path` is a field, a list (a new entry under `op_id`), or `list/entry` (the entry told anew, or
    taken back). `vector` counts what its device knew, this operation included.
    """

    op_id: UUID
    device_id: str
    path: str
    value: Any
    at: datetime
    vector: Vector = field(default_factory=dict)
    by: str = ""
    flags: tuple[str, ...] = ()

    @property
    def entry(self) -> tuple[str, UUID] | None:
        """The list and the entry it speaks of, None for a field."""
        return entry_of(self.path) or ((self.path, self.op_id) if self.path in LISTS else None)

    @property
    def digest(self) -> str:
        """What tells a repeat from another operation under the same id."""
        said = [self.device_id, self.path, self.value, self.at.isoformat(), dict(self.vector)]
        return hashlib.sha256(dumps(_sorted(said))).hexdigest()


def entry_of(path: str) -> tuple[str, UUID] | None:
    """The list and the entry a path names, None where it names none."""
    found = _ENTRY.fullmatch(path)
    return None if found is None else (found[1], UUID(found[2]))


def operation_of(row: EncounterOpRow) -> Operation:
    """The operation a row holds."""
    return Operation(
        op_id=row.op_id,
        device_id=row.device_id,
        path=row.path,
        value=row.value,
        at=row.at,
        vector=row.vector,
        by=row.sent_by,
        flags=tuple(row.flags),
    )


def happened_before(earlier: Vector, later: Vector) -> bool:
    """Whether whoever wrote `later` knew of `earlier`; False both ways: neither knew the other."""
    knows_all = all(count <= later.get(device, 0) for device, count in earlier.items())
    return knows_all and any(count > earlier.get(device, 0) for device, count in later.items())


def joined(vectors: list[Vector]) -> dict[str, int]:
    """What is known to who knows all of `vectors`."""
    known: dict[str, int] = {}
    for vector in vectors:
        for device, count in vector.items():
            known[device] = max(count, known.get(device, 0))
    return dict(sorted(known.items()))


def _sorted(value: Any) -> Any:  # noqa: ANN401 - JSON has any shape
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value
