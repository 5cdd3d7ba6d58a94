"""Give so many mutated octets to every target; time and memory stay within bounds."""

from __future__ import annotations

import sys
import time
import tracemalloc
from random import Random

from tests.fuzz.mutator import mutated
from tests.fuzz.targets import Target, targets

SLOWEST_SECONDS = 2.0
MOST_OCTETS_KEPT = 64 << 20
# Of every hundred, how many go to a target; those without a line share the rest.
_SHARES = {"apdu": 25, "manager": 15, "agent": 8, "stream": 8, "decode": 6}


def shares(count: int) -> list[tuple[Target, int]]:
    """How many mutations every target gets of `count`."""
    found = targets()
    others = [target for target in found if target.name not in _SHARES]
    left = count - sum(count * share // 100 for share in _SHARES.values())
    each, rest = divmod(left, len(others))
    first = others[0].name
    return [
        (
            target,
            count * _SHARES[target.name] // 100
            if target.name in _SHARES
            else each + (rest if target.name == first else 0),
        )
        for target in found
    ]


def run(count: int, seed: int) -> int:
    """Give `count` mutations to the targets; how many were given.

    Raises AssertionError that names target, seed and octets where a target raised or was slow.
    """
    random = Random(seed)  # noqa: S311 - repeatable on purpose
    given = 0
    for target, share in shares(count):
        for _ in range(share):
            octets = mutated(random, target.seeds)
            began = time.process_time()
            try:
                target.run(octets)
            except Exception as exc:
                raise AssertionError(f"{target.name}, seed {seed}: {octets.hex()}") from exc
            seconds = time.process_time() - began
            if seconds > SLOWEST_SECONDS:
                raise AssertionError(f"{target.name}: {seconds:.1f} s for {octets.hex()}")
            given += 1
    return given


def kept_octets(count: int, seed: int) -> int:
    """How much more memory is held after a run than before it."""
    run(200, seed)  # caches fill once
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    run(count, seed)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before


if __name__ == "__main__":
    run(int(sys.argv[1]), int(sys.argv[2]))
