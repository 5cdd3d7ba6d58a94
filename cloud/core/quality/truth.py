"""Four answers instead of two: what nobody told is not the same as no.

`MISSING` is what the record does not speak of, `UNKNOWN` what somebody said is not known. The
connectives are Kleene's: a no decides an *and*, a yes an *or*, whatever else is not known.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """The answer to one question about one encounter."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    MISSING = "missing"

    @classmethod
    def of(cls, answer: bool) -> Truth:
        """A plain answer."""
        return cls.YES if answer else cls.NO


_OPPOSITE = {Truth.YES: Truth.NO, Truth.NO: Truth.YES}


def opposite(truth: Truth) -> Truth:
    """No for yes, yes for no; what is not known stays so."""
    return _OPPOSITE.get(truth, truth)


def all_of(truths: Iterable[Truth]) -> Truth:
    """Yes when every one is; no as soon as one is no."""
    return _first(truths, (Truth.NO, Truth.MISSING, Truth.UNKNOWN), Truth.YES)


def any_of(truths: Iterable[Truth]) -> Truth:
    """Yes as soon as one is; no when every one is no."""
    return _first(truths, (Truth.YES, Truth.MISSING, Truth.UNKNOWN), Truth.NO)


def _first(truths: Iterable[Truth], order: tuple[Truth, ...], otherwise: Truth) -> Truth:
    held = set(truths)
    return next((truth for truth in order if truth in held), otherwise)
