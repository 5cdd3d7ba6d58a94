"""Who was heard, where and when."""

from __future__ import annotations

from edge.transports.ble.base import Sighting
from edge.transports.ble.sightings import MOST_KEPT, Sightings

OXI = "F0:00:00:00:00:01"


def test_fresh_sightings_come_the_strongest_first() -> None:
    found = Sightings()
    found.note(Sighting(OXI, "hci0", 10.0, rssi=-70))
    found.note(Sighting(OXI, "hci1", 11.0, rssi=-50))
    found.note(Sighting(OXI, "hci2", 12.0))
    assert [item.adapter for item in found.fresh(OXI, since=10.0)] == ["hci1", "hci0", "hci2"]
    assert [item.adapter for item in found.fresh(OXI, since=11.5)] == ["hci2"]
    newest = found.newest(OXI)
    assert newest is not None
    assert newest.adapter == "hci2"
    assert [item.address for item in found] == [OXI]


def test_an_adapter_that_went_takes_what_it_heard_with_it() -> None:
    found = Sightings()
    found.note(Sighting(OXI, "hci0", 10.0))
    found.forget_adapter("hci0")
    assert found.newest(OXI) is None
    assert found.last_heard("hci0") is None
    assert list(found) == []


def test_the_devices_heard_longest_ago_give_way() -> None:
    found = Sightings()
    for number in range(MOST_KEPT + 5):
        found.note(Sighting(f"{number:012d}", "hci0", float(number)))
    assert len(list(found)) == MOST_KEPT
    assert found.newest("000000000004") is None


def test_somebody_waits_until_the_last_one_stops_waiting() -> None:
    found = Sightings()
    with found.waiting_for(OXI) as first:
        with found.waiting_for(OXI) as second:
            found.note(Sighting(OXI, "hci0", 1.0))
            assert first.is_set()
            assert second.is_set()
        assert found.wanted.is_set()
    assert not found.wanted.is_set()
