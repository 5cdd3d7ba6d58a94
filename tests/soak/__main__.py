"""`make soak`: a shift of twelve hours, or SOAK_MINUTES of this machine's time, and its ledger."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.growth import lines
from tests.soak.plan import SHIFT_SECONDS
from tests.soak.shift import play


def main() -> int:
    """Play it, print what came of it; 0 when nothing was lost and nothing has grown."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    minutes = os.environ.get("SOAK_MINUTES", "")
    parser.add_argument("--minutes", type=float, default=float(minutes) if minutes else None)
    parser.add_argument("--speed", type=float, default=float(os.environ.get("SOAK_SPEED") or 10))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SOAK_SEED") or 1))
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    seconds = options.minutes * 60 * options.speed if options.minutes else SHIFT_SECONDS
    folder = options.folder or Path(tempfile.mkdtemp(prefix="vitalwire-soak-"))
    say(f"{seconds / 3600:.2f} hours of shift at {options.speed:g} times life in {folder}")
    began = time.monotonic()
    ledger, shift = play(folder, seconds=seconds, speed=options.speed, seed=options.seed, say=say)
    say("")
    for kind, count in sorted(shift.counts.items(), key=lambda item: item[0].value):
        say(f"{count:4} x {kind.value}")
    released = sum(one.is_known for one in shift.releases)
    say(f"{len(shift.encounters):4} encounters, {released} released by the crew")
    for census in shift.censuses.values():
        for line in census.lines():
            say(line)
    for line in lines(list(shift.censuses.values())):
        say(line)
    for line in ledger.lines():
        say(line)
    complaints = shift.complaints(ledger)
    for line in complaints:
        say(f"   {line}")
    say(f"took {(time.monotonic() - began) / 60:.1f} minutes")
    say("The ledger reconciles." if ledger.reconciles else "The ledger does NOT reconcile.")
    say("There are complaints." if complaints else "Nothing to complain of.")
    return 0 if ledger.reconciles and not complaints else 1


def say(line: str) -> None:
    """One line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
