"""Octets on air of what our simulated patient's devices say: the candidates for a batch, by size.

Every candidate carries all of every row, ids and times included, and gives it back as it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import zstandard

from protocols.uplink.codec import decode_batch, encode_batch, encode_batch_json
from protocols.uplink.compact import encode_columns
from protocols.uplink.messages import UplinkBatch, UplinkRow
from tests.fixtures.vehicle_rows import Vehicle, batch_of

SECONDS = 600
Encode = Callable[[UplinkBatch], bytes]


def candidates() -> dict[str, Encode]:
    """By name; the last one is what a gateway sends."""
    packer = zstandard.ZstdCompressor(level=3)
    return {
        "JSON": encode_batch_json,
        "JSON + zstd": lambda batch: packer.compress(encode_batch_json(batch)),
        "msgpack rows (version 1)": encode_batch,
        "msgpack rows + zstd": lambda batch: packer.compress(encode_batch(batch)),
        "delta columns + zstd": lambda batch: packer.compress(encode_columns(batch)),
        "  with the dictionary (version 2)": lambda batch: encode_batch(batch, 2),
    }


def print_table(name: str, batches: Sequence[UplinkBatch]) -> None:
    """One line a candidate: octets a row and a batch, and against JSON."""
    rows = sum(len(batch.rows) for batch in batches)
    print(f"\n{name}: {len(batches)} batches of {rows / len(batches):.0f} rows")
    first = 0
    for title, encode in candidates().items():
        began = time.process_time()
        octets = [encode(batch) for batch in batches]
        spent = (time.process_time() - began) / rows * 1e6
        total = sum(map(len, octets))
        first = first or total
        print(
            f"  {title:36}{total / rows:10.2f} octets/row {total / len(octets):10.0f} octets/batch"
            f" {first / total:7.1f} x smaller than JSON {spent:7.1f} us/row"
        )
    for batch, last in zip(batches, octets, strict=True):
        assert decode_batch(last, gateway_id=batch.gateway_id) == batch


def main() -> None:
    """Numerics in batches of a second to the whole, then ten seconds of twelve leads."""
    seconds = list(Vehicle(5).numerics(SECONDS))
    for length in (1, 3, 10, 60, SECONDS):
        stretches = [seconds[first : first + length] for first in range(0, SECONDS, length)]
        batches = [batch_of(_flat(stretch)) for stretch in stretches]
        print_table(f"five devices at 1 Hz, {length} s", batches)
    leads = Vehicle(5).twelve_leads(10)
    print_table("12 leads at 500 Hz, 10 s", [batch_of(leads, "waveforms")])


def _flat(stretch: Sequence[Sequence[UplinkRow]]) -> list[UplinkRow]:
    return [row for second in stretch for row in second]


if __name__ == "__main__":
    main()
