"""A host's table of a device's services: the signs that it is out of date, and what is believed."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.drivers.gatt_memory import GattMemory
from edge.drivers.gatt_table import ServiceTable
from edge.drivers.radio_devices import address_identity
from edge.drivers.record_marks import RecordMarks
from edge.errors import AttributeRefusedError, StaleServicesError
from edge.transports.ble.base import Attribute
from protocols.gatt.base import Property
from protocols.gatt.uuids import assigned_uuid
from protocols.model.codes import SystemId
from protocols.model.device import DeviceInfo
from tests.fixtures.gatt_peer import IDENTITY, peer
from tests.unit.edge.drivers.gatt_bench import ADDRESS, Bench
from tests.unit.edge.drivers.test_gatt import CONTINUOUS, PLX

GENERIC = assigned_uuid(0x1801)
HASH = assigned_uuid(0x2B2A)
OTHERS = SystemId.parse("0102030405060708")


@pytest.fixture
def memory(tmp_path: Path) -> GattMemory:
    return GattMemory(DeviceInfo(system_id=address_identity(ADDRESS)), RecordMarks(tmp_path))


def table(
    memory: GattMemory, *, bonded: bool = False, hashed: bool = True, first: int = 10
) -> ServiceTable:
    rows = [Attribute(GENERIC, HASH, 8, Property.READ)] if hashed else []
    rows.append(Attribute(PLX, CONTINUOUS.uuid, first, Property.NOTIFY))
    return ServiceTable(memory, rows, bonded=bonded, name="Oxi")


def test_a_known_hash_is_asked_for_before_anything_is_switched_on(memory: GattMemory) -> None:
    assert not table(memory).is_to_be_checked_first
    table(memory).compare(b"one")
    assert table(memory).is_to_be_checked_first
    assert not table(memory, hashed=False).is_to_be_checked_first


@pytest.mark.parametrize("bonded", [False, True])
def test_another_hash_and_the_same_table_is_a_host_that_was_not_told(
    memory: GattMemory, bonded: bool
) -> None:
    table(memory).compare(b"one")
    for _ in range(2):
        with pytest.raises(StaleServicesError, match="read anew"):
            table(memory, bonded=bonded).compare(b"two")
    # The host read it anew: the handles moved.
    table(memory, bonded=bonded, first=14).compare(b"two")


def test_the_order_in_which_a_host_gives_its_table_says_nothing(memory: GattMemory) -> None:
    rows = [Attribute(GENERIC, HASH, 8, Property.READ)]
    rows.append(Attribute(PLX, CONTINUOUS.uuid, 10, Property.NOTIFY))
    table(memory).compare(b"one")
    with pytest.raises(StaleServicesError):
        ServiceTable(memory, rows[::-1], bonded=False, name="Oxi").compare(b"two")


def test_another_hash_with_another_table_is_a_host_that_was_told(memory: GattMemory) -> None:
    table(memory).compare(b"one")
    table(memory, first=14).compare(b"two")
    assert memory.renewals == 0


def test_another_firmware_alone_costs_no_bond(memory: GattMemory) -> None:
    table(memory, hashed=False).compare(b"1.0")
    table(memory, hashed=False, bonded=True).compare(b"2.0")
    with pytest.raises(StaleServicesError):
        table(memory, hashed=False).compare(b"3.0")


@pytest.mark.parametrize(("bonded", "tries"), [(False, 1), (True, 2)])
def test_a_handle_out_of_place_ends_so_many_links_in_a_row(
    memory: GattMemory, bonded: bool, tries: int
) -> None:
    wrong = AttributeRefusedError("no", att_error=0x0A)
    for _ in range(tries):
        with pytest.raises(StaleServicesError, match="out of date"):
            table(memory, bonded=bonded).refused(wrong)
    vain = table(memory, bonded=bonded)
    vain.refused(wrong)
    vain.holds()
    assert memory.renewals == tries
    table(memory, bonded=bonded).holds()
    assert memory.renewals == 0


def test_other_refusals_say_nothing_of_the_table(memory: GattMemory) -> None:
    table(memory).refused(AttributeRefusedError("no", att_error=0x02))
    table(memory).refused(AttributeRefusedError("no", att_error=0x03))
    assert memory.renewals == 0


def test_values_that_cannot_be_switched_on_are_somewhere_else(memory: GattMemory) -> None:
    with pytest.raises(StaleServicesError):
        table(memory).refused(AttributeRefusedError("no", att_error=0x03), is_switch=True)


def test_who_calls_itself_another_device_is_read_through_a_wrong_table(memory: GattMemory) -> None:
    known = DeviceInfo(system_id=SystemId.parse(IDENTITY.replace("-", "")))
    table(memory).recognize(DeviceInfo(system_id=memory.by_address))
    table(memory).recognize(known)
    with pytest.raises(StaleServicesError, match="another device"):
        table(memory).recognize(DeviceInfo(system_id=OTHERS))
    # The host has a fresh table: then it is another one.
    memory.forget_table()
    table(memory).recognize(DeviceInfo(system_id=OTHERS))


async def test_nothing_is_switched_on_or_kept_under_a_wrong_table(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for told, calls in ((b"one", "subscribe 2A5F"), (b"two", "read 2B2A")):
        link = peer((PLX, CONTINUOUS))
        link.attributes = [Attribute(GENERIC, HASH, 8, Property.READ), *link.attributes]
        link.readings[HASH] = told
        if told == b"one":
            async with bench.running(link):
                pass
        else:
            with pytest.raises(StaleServicesError):
                await bench.driver(link).run()
        assert link.calls[0] == calls
