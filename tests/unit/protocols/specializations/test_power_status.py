"""10427: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.power_status import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4008
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("128:29904", None),
        2: ("1:2389", None),
        3: ("1:2460", 544),
        4: ("1:2440", 2208),
    }
