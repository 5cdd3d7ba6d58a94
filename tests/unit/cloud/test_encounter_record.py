"""The record of an encounter: what it answers when asked by path, time and act."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from cloud.core.encounters.record import Act, ActKind, EncounterRecord, Field, NotValue

AT = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


def field(path: str, value: object, not_value: NotValue | None = None) -> Field:
    return Field(path=path, value=value, at=AT, not_value=not_value)


def act(kind: str, minute: int) -> Act:
    at = AT + timedelta(minutes=minute)
    return Act(act_id=UUID(int=minute), kind=kind, at=at, by="app_1", data={"minute": minute})


def test_an_empty_record_knows_nothing() -> None:
    record = EncounterRecord()
    assert record.value("narrative") is None
    assert record.time("call") is None
    assert record.newest(ActKind.PRE_ALERT) is None
    assert record.alerts == ()


def test_values_are_asked_for_by_path_and_a_not_value_is_no_value() -> None:
    told = [
        field("times.call", AT),
        field("alerts", ["stemi"]),
        field("acuity", None, NotValue.NOT_RECORDED),
    ]
    record = EncounterRecord(fields={one.path: one for one in told})
    assert record.time("call") == AT
    assert record.alerts == ("stemi",)
    assert record.value("acuity") is None
    assert record.fields["acuity"].not_value is NotValue.NOT_RECORDED


def test_the_newest_act_of_a_kind_counts() -> None:
    record = EncounterRecord(
        acts=(act(ActKind.PRE_ALERT, 1), act(ActKind.HANDED_OVER, 2), act(ActKind.PRE_ALERT, 3))
    )
    found = record.newest(ActKind.PRE_ALERT)
    assert found is not None
    assert found.data == {"minute": 3}
