"""What record access tells its driver."""

from __future__ import annotations

from protocols.gatt.racp_events import Outcome, RecordAccessEnded, RecordsAnnounced


def test_events_are_frozen_records_with_equal_meaning() -> None:
    ended = RecordAccessEnded(outcome=Outcome.COMPLETE, received=2, announced=2, last_durable=None)
    assert ended == RecordAccessEnded(
        outcome=Outcome.COMPLETE, received=2, announced=2, last_durable=None, reason=""
    )
    assert not ended.deleting
    assert RecordsAnnounced(3) != RecordsAnnounced(4)
