"""How a device enrolled on board stands, as people read it."""

from __future__ import annotations

from uuid import UUID

import pytest

from edge.enrolment.outcomes import FOR_CLOUD, scanned_in_words
from protocols.uplink.commands import DeviceEnrolment, EnrolmentOutcome
from tests.unit.edge.making import NOON


def told(state: str, reason: str = "", vehicle_id: str = "", code: str = "S-1") -> EnrolmentOutcome:
    return EnrolmentOutcome(
        enrolment_id=UUID(int=1), state=state, reason=reason, code=code, vehicle_id=vehicle_id
    )


@pytest.mark.parametrize(
    ("outcome", "grade", "words"),
    [
        (told("enrolled"), "good", "enrolled to this vehicle"),
        (told("waiting", "device"), "warn", "switch it on"),
        (told("waiting", "kind"), "warn", "choose its kind"),
        (told("waiting", "one_of_several"), "warn", "by its System-Id"),
        (told("waiting", "full_moon"), "warn", "waiting (full moon)"),
        (told("refused", "other_vehicle", "AMB-9"), "bad", "refused: it belongs to AMB-9; ask"),
        (told("refused", "other_vehicle"), "bad", "belongs to another vehicle"),
        (told("refused", "enrolled_elsewhere"), "bad", "another organisation"),
        (told("refused", "too_old"), "bad", "refused: too old; tell the fleet"),
    ],
)
def test_every_outcome_says_what_to_do(outcome: EnrolmentOutcome, grade: str, words: str) -> None:
    (one,) = scanned_in_words((), (outcome,))
    assert (one.code, one.grade) == ("S-1", grade)
    assert words in one.words


def test_each_code_is_told_once_by_what_was_said_last() -> None:
    unsent = DeviceEnrolment(
        enrolment_id=UUID(int=2), at=NOON, serial_number="", manufacturer="", device_class="",
        system_id="0102030405060708",
    )  # fmt: skip
    found = scanned_in_words(
        (unsent,),
        (
            told("refused", "too_old", code="0102030405060708"),
            told("waiting", "device"),
            told("refused", "too_old"),
        ),
    )
    assert [(one.code, one.state) for one in found] == [
        ("0102030405060708", "to_send"),
        ("S-1", "waiting"),
    ]
    assert found[0].words == FOR_CLOUD
