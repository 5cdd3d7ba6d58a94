"""10472: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.medication_monitor import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x400C
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("130:13312", 512),
        2: ("130:13313", 5472),
        3: ("130:13314", None),
        4: ("None", None),
    }
