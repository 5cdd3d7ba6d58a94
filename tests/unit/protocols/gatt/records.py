"""Random fields of records, for round trips: what hypothesis picks from."""

from __future__ import annotations

from typing import TypeVar

from hypothesis import strategies as st

from protocols.gatt.fields import DateTime
from protocols.mder.numbers import float_from_raw, sfloat_from_raw

U8 = st.integers(0, 0xFF)
U16 = st.integers(0, 0xFFFF)
U24 = st.integers(0, 0xFFFFFF)
U32 = st.integers(0, 0xFFFFFFFF)
S8 = st.integers(-0x80, 0x7F)
SFLOAT = U16.map(sfloat_from_raw)
FLOAT = U32.map(float_from_raw)
TIME = st.builds(DateTime, U16, U8, U8, U8, U8, U8)


T = TypeVar("T")


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """A field that may be absent."""
    return st.none() | strategy
