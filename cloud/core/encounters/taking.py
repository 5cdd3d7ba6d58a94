"""Operations as a device sends them, held against the catalogue: all may be kept, or none is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cloud.core.encounters.catalogue import FIELDS
from cloud.core.encounters.checking import IDENTIFIER, Faults, check_field, is_known
from cloud.core.encounters.checking_entries import check_entry
from cloud.core.encounters.operations import CLOCK_SKEW, MOST_SKEW, Operation, entry_of
from cloud.core.kernel.errors import InvalidError

MOST_OPERATIONS: Final = 500
MOST_DEVICES: Final = 64
MOST_COUNT: Final = 2**53 - 1
_MOST_FAULTS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One operation as it was sent; `value` is JSON with exact numbers."""

    op_id: UUID
    path: str
    value: Any
    at: datetime
    vector: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a device sends at once. `sent_at` is its clock when it did, None where it says nothing.

    `by` is the client that brought it.
    """

    device_id: str
    given: Sequence[Given]
    by: str
    sent_at: datetime | None = None


def operations_of(change: Change, now: datetime) -> list[Operation]:
    """The operations of a change in its order; InvalidError naming every fault of every one."""
    faults: list[dict[str, str]] = []
    found = []
    for place, given in enumerate(change.given):
        told = Faults()
        found.append(_operation(change, given, f"ops[{place}]", told, now))
        faults += told.found
    if faults:
        raise InvalidError(
            "invalid_operation",
            "Correct the fields in details.fields; nothing of the change was kept.",
            details={"fields": faults[:_MOST_FAULTS]},
        )
    return found


def _operation(
    change: Change, given: Given, place: str, faults: Faults, now: datetime
) -> Operation:
    _check_vector(change.device_id, given.vector, f"{place}.vector", faults)
    if is_clock_wrong(change, given, now):
        faults.flag(CLOCK_SKEW)
    return Operation(
        op_id=given.op_id,
        device_id=change.device_id,
        path=given.path,
        value=_value(given, place, faults),
        at=given.at,
        vector=dict(given.vector),
        by=change.by,
        flags=tuple(faults.flags),
    )


def _value(given: Given, place: str, faults: Faults) -> Any:  # noqa: ANN401 - JSON
    if not is_known(given.path):
        faults.add(f"{place}.path", "unknown_path")
        return None
    if given.path in FIELDS:
        return check_field(given.path, given.value, f"{place}.value", faults)
    entry = entry_of(given.path)
    name = given.path if entry is None else entry[0]
    return check_entry(name, given.value, f"{place}.value", faults, again=entry is not None)


def _check_vector(device_id: str, vector: Mapping[str, int], place: str, faults: Faults) -> None:
    if len(vector) > MOST_DEVICES:
        faults.add(place, f"at most {MOST_DEVICES} devices")
    elif not all(IDENTIFIER.fullmatch(device) for device in vector):
        faults.add(place, "device ids")
    elif not all(0 <= count <= MOST_COUNT for count in vector.values()):
        faults.add(place, f"whole numbers from 0 to {MOST_COUNT}")
    elif vector.get(device_id, 0) < 1:
        # Without it nobody could ever know of the operation.
        faults.add(place, "counts its own device from 1")


def is_clock_wrong(change: Change, given: Given, now: datetime) -> bool:
    """Whether the device's clock differs by more than ten minutes, as far as one can tell.

    An old time alone says nothing: a device may have been without a network for hours.
    """
    by_sending = change.sent_at is not None and abs(change.sent_at - now) > MOST_SKEW
    return by_sending or given.at - now > MOST_SKEW
