"""Rows on their way up by their records: equal to the rows they are, made only when asked for."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings

from protocols.errors import ProtocolError
from protocols.uplink import records as rec
from protocols.uplink.contents import naming_of, to_content
from protocols.uplink.kept_rows import KeptRow, named_by_of, record_of
from protocols.uplink.messages import UplinkRow
from tests.fixtures import strategies

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def kept(row: UplinkRow) -> KeptRow:
    return KeptRow(
        sequence=row.sequence,
        captured_at=row.captured_at,
        record=to_content(row.content),
        octets=row.octets,
        named_by=naming_of(row.content),
    )


@given(strategies.rows)
@settings(max_examples=40)
def test_a_kept_row_is_the_row_it_was_kept_of(row: UplinkRow) -> None:
    one = kept(row)
    assert one == row
    assert row == one
    assert one == kept(row)
    assert hash(one) == hash(row)
    assert one.made() == row
    assert one.content == row.content
    assert one != kept(replace(row, sequence=row.sequence + 1))


@given(strategies.rows)
@settings(max_examples=20)
def test_both_give_the_same_record_and_a_kept_one_its_own(row: UplinkRow) -> None:
    one = kept(row)
    assert record_of(one) is one.record
    assert record_of(row) == one.record
    assert named_by_of(one) == named_by_of(row) == named_by_of(one.made()) == one.named_by


def test_it_cannot_be_changed_and_tells_of_impossible_values_when_asked() -> None:
    common = rec.CommonRecord(UUID(int=1), 1, rec.TimeRecord(NOON, "by sundial"), b"OX123456")
    one = KeptRow(sequence=1, captured_at=NOON, record=rec.CodedRecord(common, 7))
    with pytest.raises(FrozenInstanceError):
        one.sequence = 2  # type: ignore[misc]  # that is what is tried
    with pytest.raises(ProtocolError):
        _ = one.content
