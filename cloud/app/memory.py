"""What the C library's allocator may keep of what was given back.

Batches are read, put together and copied on many threads. The GNU allocator gives threads arenas of
their own, up to eight a core, and each keeps what its largest batch needed. Two arenas, and large
pieces straight from the system, keep a busy service at the size of what it works on.
"""

from __future__ import annotations

import ctypes
from typing import Final

ARENAS: Final = 2
LARGE_OCTETS: Final = 256 << 10

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
