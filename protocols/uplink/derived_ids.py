"""Ids that need no octets on the way: the other end works them out from the rest of the row.

An observation's id is made from what identifies the measurement (`model.identifiers`). Sixteen
octets of it cannot be compressed, and most can be told from the row itself.
"""

from __future__ import annotations

from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from protocols.model.codes import MdcCode, SystemId
from protocols.model.identifiers import Identity

EXPLICIT: Final = 0
"""The sixteen octets travel."""
STAMPED: Final = 1
"""By the device's own time."""
RECEIVED: Final = 2
"""By the time of reception, which is the observed one, and the report counter, which travels."""
ARRIVED: Final = 3
"""By the time of reception, some milliseconds before the capture: they and the counter travel."""
RULES: Final = (EXPLICIT, STAMPED, RECEIVED, ARRIVED)

Counters = TypeVar("Counters", int, NDArray[np.int64])


def next_report(counter: Counters) -> Counters:
    """The counter of the first reading of the report after the one of `counter`."""
    return (counter >> 16) + 1 << 16


def identity_of(device: bytes, type_cf: int, supplements: tuple[int, ...]) -> Identity:
    """What all ids of one series share; DecodeError for codes out of range."""
    codes = [MdcCode.from_cf_code(code) for code in supplements]
    return Identity.of(SystemId(device), MdcCode.from_cf_code(type_cf), codes)
