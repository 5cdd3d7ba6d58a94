"""One exact text per value, so that journal, store and bundle can be compared letter by letter.

Numbers keep their digits (36.60 is not 36.6) and their unit; waveforms are their scale, period and
the digest of every single sample.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from decimal import Decimal

import numpy as np

from protocols.model.codes import UnitCode
from protocols.model.observation import (
    BitsObservation,
    CodedObservation,
    CompoundNumericObservation,
    NumericObservation,
    Observation,
    SampleArrayObservation,
)
from protocols.model.quantity import SpecialValue
from protocols.nomenclature.lookup import ucum


def unit_text(unit: UnitCode) -> str:
    """The unit in UCUM, or its 32-bit code where nobody has a UCUM form for it."""
    return ucum(unit) or f"[{unit.cf_code}]"


def number_text(value: Decimal | SpecialValue, unit: str) -> str:
    """A number with its digits and its unit; a special value has only its name."""
    return value.value if isinstance(value, SpecialValue) else f"{value} {unit}"


def compound_text(components: Iterable[tuple[int, str]]) -> str:
    """Several numbers: (the component's 32-bit code, its number text), in their order."""
    return ", ".join(f"{code}={text}" for code, text in components)


def coded_text(cf_code: int) -> str:
    """A coded finding by its 32-bit code."""
    return f"code {cf_code}"


def bits_text(bits: int) -> str:
    """State bits."""
    return f"bits {bits:#x}"


def samples_text(
    samples: Iterable[int], *, scale: Decimal, offset: Decimal, period_us: int, unit: str
) -> str:
    """A stretch of waveform: the physical meaning and the digest of the samples."""
    octets = np.asarray(list(samples), dtype="<i4").tobytes()
    digest = hashlib.sha256(octets).hexdigest()[:32]
    line = f"{len(octets) // 4} x {scale.normalize():f} + {offset.normalize():f}"
    return f"{line} {unit} every {period_us} us {digest}"


def value_text(observation: Observation) -> str:
    """The exact text of an observation's value."""
    match observation:
        case NumericObservation(value=value):
            return number_text(value.value, unit_text(value.unit))
        case CompoundNumericObservation(components=components):
            return compound_text(
                (code.cf_code, number_text(part.value, unit_text(part.unit)))
                for code, part in components
            )
        case CodedObservation(value=code):
            return coded_text(code.cf_code)
        case BitsObservation(bits=bits):
            return bits_text(bits)
        case SampleArrayObservation():
            return samples_text(
                np.frombuffer(observation.samples, dtype="<i4").tolist(),
                scale=observation.scale,
                offset=observation.offset,
                period_us=observation.period_us,
                unit=unit_text(observation.unit),
            )
    return observation.text
