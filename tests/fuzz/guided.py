"""One target under the coverage-guided fuzzer atheris: `python -m tests.fuzz.guided TARGET RUNS`.

Needs `atheris-requirements.txt` on the path; the long tests put it there.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris  # type: ignore[import-untyped]  # installed for the long tests alone

with atheris.instrument_imports(include=["protocols"]):
    from tests.fuzz.targets import targets

LONGEST = 1024


def main() -> None:
    """Run; the fuzzer ends the process, with an exit code above 0 when something was raised."""
    name, runs = sys.argv[1:]
    (target,) = [item for item in targets() if item.name == name]
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(target.seeds):
            (Path(folder) / str(number)).write_bytes(seed)

        def give(octets: bytes) -> None:
            target.run(octets)

        options = [f"-runs={runs}", f"-max_len={LONGEST}", "-seed=20601", "-timeout=5"]
        atheris.Setup([sys.argv[0], *options, folder], give)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
