"""ORU^R01 messages, judged by two libraries that did not make them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import hl7
import pytest
from hl7apy.consts import VALIDATION_LEVEL
from hl7apy.exceptions import HL7apyException
from hl7apy.parser import parse_message

from cloud.core.encounters.handover import Handover
from cloud.core.encounters.record import PatientIdentity
from cloud.hl7v2.results import Envelope, results_message
from protocols.model.observation import MeasurementStatus
from protocols.model.quantity import SpecialValue
from tests.fixtures.handovers import (
    OXIMETER,
    PERCENT,
    PULSE,
    SPO2,
    START,
    arrest_handover,
    handover,
    numeric,
    pressure,
)

ENVELOPE = Envelope(
    control_id="0123456789abcde-0000",
    made_at=datetime(2026, 11, 26, 12, 30, 1, 250_000, tzinfo=UTC),
    facility_id="RJ122",
)


def made(given: Handover) -> bytes:
    return results_message(given, given.observations, ENVELOPE)


def parsed(given: Handover) -> Any:  # noqa: ANN401 - the library has no types
    return hl7.parse(made(given).decode())


def lines(given: Handover) -> list[list[str]]:
    """Every OBX by its fields; OBX-1 is at 1."""
    return [[str(field) for field in one] for one in parsed(given).segments("OBX")]


# Version 2.5.1 recommends 15 characters for ids; ours are longer, and the judge minds that alone.
SHORT = replace(arrest_handover(), patient_pseudonym="5f5f", encounter_id="enc_1")


def judged(octets: bytes) -> Any:  # noqa: ANN401 - the library has no types
    message = parse_message(octets.decode(), validation_level=VALIDATION_LEVEL.STRICT)
    assert message.validate()
    return message


def test_the_strict_judge_finds_the_message_valid() -> None:
    message = judged(made(SHORT))
    assert message.msh.msh_9.to_er7() == "ORU^R01^ORU_R01"
    assert message.msh.msh_12.to_er7() == "2.5.1"
    assert message.msh.msh_18.to_er7() == "UNICODE UTF-8"


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b"|20261126123001.250+0000|", b"||"),
        (b"|R|||2026", b"||||2026"),
        (b"\rOBR|", b"\rZZZ|"),
        (b"|Northern", b"|The Northern Ambulance Service of the whole"),
    ],
    ids=["no time", "no status", "no request", "too long"],
)
def test_the_strict_judge_does_find_faults(right: bytes, wrong: bytes) -> None:
    octets = made(SHORT)
    assert right in octets
    with pytest.raises(HL7apyException):
        judged(octets.replace(right, wrong))


def test_digits_codes_units_and_times_are_those_of_the_device() -> None:
    given = handover([numeric(OXIMETER, SPO2, START, "97.0", PERCENT)])
    device, reading = lines(given)
    assert device[4] == "1.0.0.0"
    assert device[11] == "X"
    assert device[18].endswith("^EUI-64")
    assert reading[2:7] == [
        "NM",
        "150456^MDC_PULS_OXIM_SAT_O2^MDC^2708-6^Oxygen saturation^LN",
        "1.0.0.1",
        "97.0",
        "262688^MDC_DIM_PERCENT^MDC^%^%^UCUM",
    ]
    assert reading[11] == "R"
    assert reading[14] == START.strftime("%Y%m%d%H%M%S.000+0000")


def test_parts_of_a_compound_reading_stand_below_it() -> None:
    found = lines(handover([pressure(START, "128", "80", "96")]))[1:]
    assert [one[4] for one in found] == ["1.0.0.1", "1.0.0.1.1", "1.0.0.1.2", "1.0.0.1.3"]
    assert [one[5] for one in found] == ["", "128", "80", "96"]
    assert [one[11] for one in found] == ["X", "R", "R", "R"]


@pytest.mark.parametrize(
    ("special", "word"),
    [
        (SpecialValue.NAN, "NAN"),
        (SpecialValue.POSITIVE_INFINITY, "PINF"),
        (SpecialValue.NEGATIVE_INFINITY, "NINF"),
        (SpecialValue.NRES, "OTH"),
        (SpecialValue.RESERVED, "OTH"),
    ],
)
def test_a_special_value_is_a_word_and_no_number(special: SpecialValue, word: str) -> None:
    reading = lines(handover([numeric(OXIMETER, SPO2, START, special, PERCENT)]))[1]
    assert (reading[2], reading[5], reading[8], reading[11]) == ("", "", word, "X")


@pytest.mark.parametrize(
    ("status", "word", "value", "result"),
    [
        (MeasurementStatus.VALID, "", "70", "R"),
        (MeasurementStatus.INVALID, "INV", "", "X"),
        (MeasurementStatus.QUESTIONABLE, "QUES", "70", "R"),
        (MeasurementStatus.NOT_AVAILABLE, "NAV", "", "X"),
        (MeasurementStatus.CALIBRATION_ONGOING, "CAL", "70", "R"),
        (MeasurementStatus.TEST_DATA, "TEST", "70", "R"),
        (MeasurementStatus.DEMO_DATA, "DEMO", "70", "R"),
        (MeasurementStatus.VALIDATED, "", "70", "F"),
        (MeasurementStatus.EARLY_INDICATION, "EARLY", "70", "R"),
        (MeasurementStatus.ONGOING, "BUSY", "", "X"),
        (
            MeasurementStatus.QUESTIONABLE | MeasurementStatus.TEST_DATA,
            "QUES~TEST",
            "70",
            "R",
        ),
    ],
    ids=str,
)
def test_a_status_says_what_the_reading_is_worth(
    status: MeasurementStatus, word: str, value: str, result: str
) -> None:
    given = handover([numeric(OXIMETER, PULSE, START, "70", PERCENT, status=status)])
    reading = lines(given)[1]
    assert (reading[8], reading[5], reading[11]) == (word, value, result)


def test_a_pseudonym_hides_the_name_and_says_so() -> None:
    person = parsed(handover([])).segment("PID")
    assert str(person[5]) == "^^^^^^S"
    assert str(person[3]).startswith("5f5f")
    assert str(person[8]) == "F"
    assert len(person) <= 9


def test_a_known_patient_has_a_name_and_a_verified_number_alone() -> None:
    identity = PatientIdentity(
        family_name="O'Brien|Smith",
        given_name="Zoë",
        birth_date="1961-04",
        sex="male",
        nhs_number="9434765919",
        nhs_number_status="verified",
        address=("1 High Street",),
        city="Leeds",
        postcode="LS1 1AA",
        deceased_at=START,
    )
    given = replace(handover([]), identity=identity)
    person = parsed(given).segment("PID")
    assert hl7.parse(made(given).decode()).unescape(str(person[5])) == "O'Brien|Smith^Zoë^^^^^L"
    assert str(person[3]).startswith("9434765919^^^NHS^NH~5f5f")
    assert str(person[7]) == "196104"
    assert str(person[30]) == "Y"
    unsure = replace(identity, nhs_number_status="unverified", deceased_at=None, family_name="")
    person = parsed(replace(given, identity=replace(unsure, given_name=""))).segment("PID")
    assert "9434765919" not in str(person)
    assert str(person[5]) == "^^^^^^U"


def test_our_own_remarks_follow_their_reading() -> None:
    stored = numeric(OXIMETER, SPO2, START, "101", PERCENT, flags=("implausible",))
    message = parsed(handover([stored]))
    assert [str(one[0]) for one in message][-2:] == ["OBX", "NTE"]
    assert str(message.segment("NTE")[3]) == "implausible"


def test_the_same_handover_gives_the_same_octets() -> None:
    given = arrest_handover()
    assert made(given) == made(given)
