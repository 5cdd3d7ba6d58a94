"""Any code of an exchange: terms of the nomenclature and attributes in one lookup."""

from __future__ import annotations

import pytest

from protocols.ieee20601.attribute_table import ATTRIBUTES
from protocols.ieee20601.vocabulary import find_named, find_term
from protocols.model.codes import MdcCode
from protocols.nomenclature import lookup


def test_every_attribute_is_found_by_number_and_by_name() -> None:
    for attribute_id, kind in ATTRIBUTES.items():
        row = find_term(MdcCode(1, attribute_id))
        assert row is not None
        assert row.reference_id == kind.ref_id
        assert find_named(kind.ref_id) is row
        assert find_named(str(0x10000 + attribute_id)) is row


def test_a_row_of_the_nomenclature_stands_before_an_attribute() -> None:
    battery = find_term(MdcCode(1, 2460))
    assert battery is lookup.find(MdcCode(1, 2460))
    assert battery is not None
    assert battery.display == "Battery level"


def test_an_attribute_is_called_by_plain_words() -> None:
    row = find_named("MDC_ATTR_UNIT_CODE")
    assert row is not None
    assert row.display == "unit code (attribute)"
    assert row.listed_cf == 65536 + 2454


@pytest.mark.parametrize(
    "name", ["MDC_MOC_VMO_PMSTORE", "MDC_ACT_SET_TIME", "MDC_NOTI_CONFIG", "68892", "150456"]
)
def test_classes_actions_events_and_metrics_are_found_too(name: str) -> None:
    assert find_named(name) is not None


@pytest.mark.parametrize("text", ["", "MDC_NOTHING", "4294967296", "65535", "99999999999"])
def test_what_nobody_knows_is_not_found(text: str) -> None:
    assert find_named(text) is None
