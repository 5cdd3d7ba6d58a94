"""Make the dictionary that compact batches are compressed by, from our simulated patient's rows.

    python benchmarks/train_uplink_dictionary.py                 says how well a fresh one would do
    python benchmarks/train_uplink_dictionary.py --write NUMBER  puts it into protocols/uplink

A dictionary that was ever shipped is never written again: take the next number, and raise NEWEST in
protocols/uplink/dictionary.py. It is made of what series, devices and columns look like; the
vehicles' names and the devices' ids in it are drawn by chance.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import zstandard

from protocols.uplink.compact import encode_columns
from protocols.uplink.dictionary import DICTIONARIES, LEVEL, NEWEST, PARAMETERS
from tests.fixtures.vehicle_rows import Vehicle, batch_of

OCTETS = 4096
VEHICLES = 40
SECONDS = 240
FIRST_SEED = 1000
FOLDER = Path(__file__).resolve().parent.parent / "protocols" / "uplink"


def columns_of(seed: int) -> Iterator[bytes]:
    """Batches of one vehicle before compression, as short and as long as links make them."""
    chance = random.Random(seed - FIRST_SEED)  # noqa: S311 - repeatable, no secret
    seconds = list(Vehicle(seed).numerics(SECONDS))
    first = 0
    while first < SECONDS:
        length = chance.choice((1, 1, 2, 3, 5, 10, 20, 30))
        rows = [row for second in seconds[first : first + length] for row in second]
        first += length
        if chance.random() < 0.3 and len(rows) > 3:
            rows = rows[: chance.randint(1, len(rows))]
        if rows:
            yield encode_columns(batch_of(rows))


def main() -> None:
    """Train, compare with the one in use, write if asked."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write", type=int, metavar="NUMBER")
    number = parser.parse_args().write
    samples = [one for seed in range(VEHICLES) for one in columns_of(FIRST_SEED + seed)]
    trained = zstandard.train_dictionary(OCTETS, samples, level=LEVEL)
    others = [one for seed in range(5) for one in columns_of(FIRST_SEED + VEHICLES + seed)]
    for name, dictionary in (("fresh", trained), (f"number {NEWEST}", DICTIONARIES[NEWEST])):
        packer = zstandard.ZstdCompressor(compression_params=PARAMETERS, dict_data=dictionary)
        packed = sum(len(packer.compress(one)) for one in others)
        print(f"{name}: {packed} octets of {sum(map(len, others))} in {len(others)} batches")
    if number is not None:
        path = FOLDER / f"dictionary-{number}.bin"
        with path.open("xb") as file:  # one that was shipped is never written again
            file.write(trained.as_bytes())


if __name__ == "__main__":
    main()
