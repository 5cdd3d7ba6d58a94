"""Bits of states: names and meanings by bit, bit 0 first."""

from __future__ import annotations

import pytest

from protocols.model.codes import MdcCode
from protocols.nomenclature.bits import BIT_ROWS, bit_meanings, bit_names, name_bits
from protocols.nomenclature.lookup import find

OXIMETER_STATUS = MdcCode(2, 19532)
POWER_STATUS = MdcCode(1, 2389)
CODES = sorted({MdcCode(row[0], row[1]) for row in BIT_ROWS})

# As the guide prints them, for what an ambulance meets.
PRINTED = {
    MdcCode(1, 2389): {
        0: "onMains",
        1: "onBattery",
        8: "chargingFull",
        9: "chargingTrickle",
        10: "chargingOff",
    },
    MdcCode(2, 19532): {
        0: "sensor-disconnected",
        1: "sensor-malfunction",
        2: "sensor-displaced",
        3: "sensor-unsupported",
        4: "sensor-off",
        5: "sensor-interference",
        6: "signal-searching",
        7: "signal-pulse-questionable",
        8: "signal-non-pulsatile",
        9: "signal-erratic",
        10: "signal-low-perfusion",
        11: "signal-poor",
        12: "signal-inadequate",
        13: "signal-processing-irregularity",
        14: "device-equipment-malfunction",
        15: "device-extended-update",
    },
    MdcCode(2, 19533): {
        0: "pulse-qual-nominal",
        1: "pulse-qual-marginal",
        2: "pulse-qual-minimal",
        3: "pulse-qual-unacceptable",
    },
    MdcCode(128, 21976): {
        0: "leadwire-loss",
        1: "leadsignal-loss",
        2: "leadwire-loss-first-lead",
        3: "leadsignal-loss-first-lead",
        4: "leadwire-loss-second-lead",
        5: "leadsignal-loss-second-lead",
        6: "leadwire-loss-third-lead",
        7: "leadsignal-loss-third-lead",
    },
    MdcCode(128, 22000): {
        0: "body-movement",
        1: "cuff-too-loose",
        2: "irregular-pulse",
        3: "pulse-over-range-limit",
        4: "pulse-under-range-limit",
        5: "improper-body-position",
    },
}


@pytest.mark.parametrize("code", PRINTED, ids=str)
def test_the_bits_of_oximeter_ecg_cuff_and_power_are_those_of_the_guide(code: MdcCode) -> None:
    assert dict(bit_names(code)) == PRINTED[code]


@pytest.mark.parametrize("code", CODES, ids=str)
def test_every_bit_has_one_name_and_a_meaning_and_its_code_a_row_that_says_bits(
    code: MdcCode,
) -> None:
    names, meanings = bit_names(code), bit_meanings(code)
    assert list(names) == sorted(names)
    assert len(set(names.values())) == len(names)
    assert set(names) == set(meanings) <= set(range(32))
    row = find(code)
    assert row is not None
    assert "bits" in row.note or code == MdcCode(1, 2683)


def test_no_bit_stands_twice() -> None:
    assert len({row[:3] for row in BIT_ROWS}) == len(BIT_ROWS)


@pytest.mark.parametrize("cf_code", [150604, 150605, 8410584, 8410608, 67925, 68219])
def test_the_status_codes_an_ambulance_meets_have_names(cf_code: int) -> None:
    assert bit_names(MdcCode.from_cf_code(cf_code))


def test_bit_0_is_the_most_significant() -> None:
    assert name_bits(OXIMETER_STATUS, 0x8001, width=16) == (
        "sensor-disconnected",
        "device-extended-update",
    )
    assert name_bits(POWER_STATUS, 0x4040, width=16) == ("onBattery", "chargingTrickle")


def test_charging_off_means_that_nothing_is_charged() -> None:
    assert name_bits(POWER_STATUS, 0x0020, width=16) == ("chargingOff",)
    assert bit_meanings(POWER_STATUS)[10] == "the battery is not being charged"


def test_a_bit_without_a_name_is_a_number_and_another_type_has_none() -> None:
    assert name_bits(POWER_STATUS, 0x2000, width=16) == ("bit 2",)
    assert bit_names(MdcCode(2, 19384)) == {}
    assert bit_meanings(MdcCode(2, 19384)) == {}
    assert name_bits(MdcCode(2, 19384), 1, width=32) == ("bit 31",)
