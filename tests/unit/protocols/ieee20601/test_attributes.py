"""Attributes in a list: found, missing or broken, read and written by their kind."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attributes import AttributeValue, find, find_readable
from protocols.model.codes import UnitCode


def test_a_value_is_found_missing_or_broken() -> None:
    good = (at.UNIT_CODE.of(UnitCode(544)),)
    broken = (AttributeValue(at.UNIT_CODE.attribute_id, b"\x01"),)
    assert find(good, at.UNIT_CODE) == UnitCode(544)
    assert find(good, at.MSMT_STAT) is None
    with pytest.raises(DecodeError, match="MDC_ATTR_UNIT_CODE"):
        find(broken, at.UNIT_CODE)
    notes: list[str] = []
    assert find_readable(broken, at.UNIT_CODE, notes) is None
    assert len(notes) == 1
    assert notes[0].startswith("MDC_ATTR_UNIT_CODE cannot be read")


def test_a_value_is_written_under_the_id_of_its_kind_and_read_back() -> None:
    written = at.UNIT_CODE.of(UnitCode(544))
    assert written == AttributeValue(2454, b"\x02\x20")
    assert at.UNIT_CODE.decode(written.octets) == UnitCode(544)


def test_of_two_attributes_of_a_kind_the_first_counts() -> None:
    twice = (at.UNIT_CODE.of(UnitCode(544)), at.UNIT_CODE.of(UnitCode(2720)))
    assert find(twice, at.UNIT_CODE) == UnitCode(544)


def test_a_kind_is_shown_by_its_reference_id() -> None:
    assert repr(at.UNIT_CODE) == "<MDC_ATTR_UNIT_CODE>"
