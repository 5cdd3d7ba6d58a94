"""What the gateway made of octets then, in short: to be compared with what it makes now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from protocols.model.observation import (
    CompoundNumericObservation,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from protocols.model.quantity import Quantity, SpecialValue
from protocols.uplink.codec import encode_said

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGEST_OCTETS: Final = 8


@dataclass(frozen=True, slots=True)
class Made:
    """One observation: its identity, a digest of all it says, and its value in a word or two."""

    identity: str
    digest: str
    says: str

    @classmethod
    def of(cls, observation: Observation) -> Made:
        """What is kept of `observation`."""
        octets = encode_said(observation, _EPOCH)
        digest = hashlib.sha256(octets).hexdigest()[: 2 * _DIGEST_OCTETS]
        words = f"{observation.type.cf_code} {_value(observation)}"
        return cls(observation.observation_id.hex, digest, words)


def pack_made(length: int, observations: Iterable[Observation]) -> bytes:
    """The payload of a record that says what `length` octets became."""
    made = [Made.of(observation) for observation in observations]
    rows = [[item.identity, item.digest, item.says] for item in made]
    return json.dumps({"length": length, "made": rows}, separators=(",", ":")).encode()


def unpack_made(facts: dict[str, object]) -> tuple[int, tuple[Made, ...]]:
    """The inverse of `pack_made`; nothing for what is none."""
    length, rows = facts.get("length"), facts.get("made")
    if not isinstance(length, int) or not isinstance(rows, list):
        return 0, ()
    made = [Made(*row) for row in rows if isinstance(row, list) and len(row) == 3]
    return length, tuple(made)


def _value(observation: Observation) -> str:
    match observation:
        case NumericObservation(value=value):
            return _number(value)
        case CompoundNumericObservation(components=components):
            return "/".join(_number(value) for _, value in components)
        case SampleArrayObservation(samples=samples):
            return f"{len(samples) // 4} samples"
        case _:
            return str(getattr(observation, "value", ""))[:40]


def _number(quantity: Quantity) -> str:
    value = quantity.value
    return value.value if isinstance(value, SpecialValue) else str(value)
