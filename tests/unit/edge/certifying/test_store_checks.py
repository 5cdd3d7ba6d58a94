"""A store with a fault, and the check that names it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edge.certifying.checks import Verdict
from edge.certifying.scripts import SCRIPTS
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.apdus import DataApdu, Prst, decode_apdu, encode_apdu
from protocols.ieee20601.remote_operations import RorsGet
from simulators.devices.misbehaving_store import StoreFault
from simulators.devices.night_oximeter import IDENTITY, STORE_HANDLE, NightOximeter
from simulators.patient.vital_signs import Patient
from tests.fixtures.scenarios import ARREST
from tests.unit.edge.certifying.examined import Change, Examined, failed, found

WHOLE = SCRIPTS[0]
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def examined(
    fault: StoreFault | None = None, *, change: Change = lambda octets: octets
) -> Examined:
    device = NightOximeter(IDENTITY, Patient(seed=5, scenario=ARREST, seconds=20))
    device.streams(START)
    if fault is not None:
        device.store.spoil(fault)
    return Examined(configuration=device.configuration, stores=device.stores, change=change)


def test_a_good_store_passes_all_of_it() -> None:
    record = examined().run(WHOLE)
    assert failed(record) == {}
    for number in range(1, 7):
        assert found(record, f"STORE-{number}").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (StoreFault.ABORTED, {"STORE-5"}),
        (StoreFault.GAP, {"STORE-4"}),
        (StoreFault.WRONG_COUNT, {"STORE-5"}),
    ],
)
def test_a_fault_of_the_store_is_told(fault: StoreFault, told: set[str]) -> None:
    assert set(failed(examined(fault).run(WHOLE))) == told


def test_a_store_may_ask_to_be_asked_later_a_few_times() -> None:
    assert failed(examined(StoreFault.TRY_LATER).run(WHOLE)) == {}
    busy = examined(StoreFault.TRY_LATER)
    busy.stores[0].put_off(100)
    record = busy.run(WHOLE)
    assert failed(record) == {}
    assert found(record, "STORE-3").detail == "it was asked 4 times and said try-later"


def test_a_store_that_counts_other_segments_than_it_tells_is_told() -> None:
    def nine(octets: bytes) -> bytes:
        apdu = decode_apdu(octets)
        message = apdu.data.message if isinstance(apdu, Prst) else None
        if not isinstance(message, RorsGet) or message.handle != STORE_HANDLE:
            return octets
        answer = RorsGet(STORE_HANDLE, (at.NUM_SEG.of(9),))
        assert isinstance(apdu, Prst)
        return encode_apdu(Prst(DataApdu(apdu.data.invoke_id, answer)))

    record = examined(change=nine).run(WHOLE)
    assert failed(record) == {"STORE-6": "8 segments where its Number-Of-Segments is 9"}
