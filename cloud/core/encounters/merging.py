"""Which of several operations counts: worked out of all of them at once, in whatever order they
came.

To compare each newcomer with the present winner would not do: "later wins, else the later clock"
can go round in a circle of three. So first everything somebody else knew of falls away, and the
clock decides only among what is left.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cloud.core.encounters.catalogue import FIELDS
from cloud.core.encounters.operations import CLOCK_SKEW, MOST_SKEW, Operation, happened_before


@dataclass(frozen=True, slots=True)
class Merged:
    """What counts now. `fields` by path; `entries` by list and entry, those taken back among them.

    `winners` names for every operation that does not count the one that does. `skewed` are those
    that count and whose clock contradicts what they knew.
    """

    fields: Mapping[str, Operation]
    entries: Mapping[tuple[str, UUID], Operation]
    winners: Mapping[UUID, UUID]
    skewed: frozenset[UUID]


def merge(operations: Iterable[Operation]) -> Merged:
    """What counts of `operations`; their order does not matter.

    An entry that is told anew before it came is not there yet.
    """
    fields: dict[str, list[Operation]] = defaultdict(list)
    entries: dict[tuple[str, UUID], list[Operation]] = defaultdict(list)
    for one in operations:
        entry = one.entry
        if entry is not None:
            entries[entry].append(one)
        elif one.path in FIELDS:
            fields[one.path].append(one)
    found = {path: winner(told) for path, told in fields.items()}
    kept: dict[tuple[str, UUID], Operation] = {}
    winners = {
        one.op_id: found[path].op_id
        for path, told in fields.items()
        for one in told
        if one.op_id != found[path].op_id
    }
    for entry, told in entries.items():
        first = next((one for one in told if one.op_id == entry[1]), None)
        # Who names an entry knows of it, whatever their vectors say.
        last = winner([one for one in told if one is not first] or told)
        winners |= {one.op_id: last.op_id for one in told if one.op_id != last.op_id}
        if first is not None:
            kept[entry] = last
    counting = [(found[path], told) for path, told in fields.items()]
    counting += [(kept[entry], told) for entry, told in entries.items() if entry in kept]
    skewed = frozenset(one.op_id for one, told in counting if _is_skewed(one, told))
    return Merged(found, kept, winners, skewed)


def winner(told: Sequence[Operation]) -> Operation:
    """The one that counts: of those nobody else knew of, the last by its clock, then by device."""
    newest: list[Operation] = []
    for one in told:
        if not any(happened_before(one.vector, other.vector) for other in newest):
            newest = [other for other in newest if not happened_before(other.vector, one.vector)]
            newest.append(one)
    return max(newest, key=lambda one: (one.at, one.device_id, one.op_id))


def _is_skewed(one: Operation, told: Sequence[Operation]) -> bool:
    """Whether it knew of another and says that it was before it: one of two clocks is wrong."""
    return any(
        other.at - one.at > MOST_SKEW and happened_before(other.vector, one.vector)
        for other in told
    )


def flags_of(operation: Operation, merged: Merged) -> tuple[str, ...]:
    """What is to be said of an operation beside its value."""
    skew = (CLOCK_SKEW,) if operation.op_id in merged.skewed else ()
    return tuple(dict.fromkeys((*operation.flags, *skew)))
