"""A reading on its way: by default a live one, of a device in UTC, with nothing to adjust."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from protocols.ieee20601.device_clock import NO_CLOCK
from protocols.ieee20601.objects import ConfiguredObject, ObjectClass
from protocols.ieee20601.reading_records import (
    UNKNOWN_PERSON,
    Reading,
    Reception,
    Unread,
)
from protocols.model.clock_mapping import OLDEST_LIVE
from tests.unit.protocols.ieee20601.reports import DEVICE, RECEIVED


def test_a_reading_is_live_unless_a_store_held_it() -> None:
    device = ConfiguredObject(handle=0, object_class=ObjectClass.MDS, type=None)
    reading = Reading(subject=device, values=(), position=1, sequence=None)
    assert not reading.stored
    assert reading.adjustment == timedelta(0)


def test_a_reading_is_told_apart_by_its_probe_and_its_person() -> None:
    probe = ConfiguredObject(handle=7, object_class=ObjectClass.NUMERIC, has_twin=True)
    alone = replace(probe, has_twin=False)
    reading = Reading(subject=alone, values=(), position=1, sequence=None)
    assert reading.apart == replace(reading, person=UNKNOWN_PERSON).apart == ""
    persons = [replace(reading, person=0), replace(reading, person=1)]
    both = replace(reading, subject=probe, person=1)
    readings = [reading, replace(reading, subject=probe), both, *persons]
    assert len({item.apart for item in readings}) == 5


def test_a_reception_carries_what_a_stamp_is_judged_by() -> None:
    reception = Reception(device=DEVICE, received_at=RECEIVED, report_counter=1, clock=NO_CLOCK)
    assert (reception.oldest_live, reception.zone, reception.test) == (OLDEST_LIVE, UTC, False)


def test_what_is_unread_is_the_report_s_fault_unless_a_vendor_made_it() -> None:
    assert not Unread(1, 2636, b"\1", "too short").is_vendor
