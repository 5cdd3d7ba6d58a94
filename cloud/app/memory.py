"""What the C library's allocator may keep of what was given back, and what is searched for waste.

Batches are read, put together and copied on many threads. The GNU allocator gives threads arenas of
their own, up to eight a core, and each keeps what its largest batch needed. Two arenas, and large
pieces straight from the system, keep a busy service at the size of what it works on.

Python looks through all objects for unreachable ones, the more often the more batches make. Most
are what the program is made of, and stay: modules, models, routes. While they are made nothing is
looked for, which shortens a start by a fifth; once they are set apart, reading a batch costs half.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

ARENAS: Final = 2
LARGE_OCTETS: Final = 256 << 10
YOUNG_OBJECTS: Final = 10_000
"""So many new ones are looked through at a time; a batch of 5,000 rows makes some 40,000."""

# mallopt(3).
_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8


def bound_memory() -> bool:
    """Bound what is kept, before threads begin; False where the allocator is another one."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    # Naming a threshold also ends its growing with every large piece that was given back.
    wanted = (
        (_ARENA_MAX, ARENAS),
        (_MMAP_THRESHOLD, LARGE_OCTETS),
        (_TRIM_THRESHOLD, LARGE_OCTETS),
    )
    return all(mallopt(name, value) == 1 for name, value in wanted)


@contextmanager
def nothing_is_waste() -> Iterator[None]:
    """Look for no waste in this block: what is imported there stays."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def set_program_apart() -> None:
    """Leave what is there now out of every later search; when a program is ready, once."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])
