"""A configuration says what its scanners scan, how often, and how they want to be answered."""

from __future__ import annotations

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.apdus import DataApdu, Prst, decode_apdu, encode_apdu
from protocols.ieee20601.scanners import (
    Scanner,
    ScannerKind,
    describe_scanner,
    disable,
    enable,
    scanners_of,
)
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.scanned import (
    EPISODIC,
    MAPS,
    PERIODIC,
    TICKS_A_SECOND,
    episodic,
    periodic,
    scanning,
)


def test_a_scanner_that_says_little_waits_to_be_enabled_and_is_confirmed() -> None:
    found = scanners_of(scanning(episodic(), periodic(seconds=5)))
    assert found == {
        EPISODIC: Scanner(handle=EPISODIC, kind=ScannerKind.EPISODIC, handles=(1, 10), maps=MAPS),
        PERIODIC: Scanner(
            handle=PERIODIC,
            kind=ScannerKind.PERIODIC,
            handles=(1, 10),
            maps=MAPS,
            interval_seconds=5.0,
        ),
    }
    assert found[PERIODIC].is_periodic
    assert not found[EPISODIC].is_periodic


def test_a_scanner_says_how_it_wants_to_be_treated() -> None:
    told = episodic(
        at.OP_STAT.of(1),
        at.SCAN_HANDLE_LIST.of((1,)),
        at.CONFIRM_MODE.of(0),
        at.CONFIRM_TIMEOUT.of(2 * TICKS_A_SECOND),
        at.TX_WIND.of(3),
        at.SCAN_REP_PD_MIN.of(TICKS_A_SECOND // 2),
    )
    scanner = scanners_of(scanning(told))[EPISODIC]
    assert scanner.enabled
    assert scanner.handles == (1,)
    assert not scanner.confirmed
    assert scanner.confirm_seconds == 2.0
    assert scanner.window == 3
    assert scanner.interval_seconds == 0.5


def test_other_objects_are_no_scanners() -> None:
    oximeter = STANDARD_CONFIGURATIONS[0x0190]
    assert scanners_of(oximeter) == {}
    assert describe_scanner(oximeter.objects[1]) is None


def test_switching_on_has_the_octets_other_managers_send() -> None:
    # Antidote's test octets of the same request.
    octets = bytes.fromhex("e700001600140000 0105000e 0037 0001 0008 0000 0953 0002 0001")
    assert encode_apdu(Prst(DataApdu(0, enable(EPISODIC)))) == octets
    assert decode_apdu(octets) == Prst(DataApdu(0, enable(EPISODIC)))
    assert disable(EPISODIC).modifications[0].octets == b"\x00\x00"
