"""10425: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.continuous_glucose import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4007
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:29140", 2130),
        2: ("128:29452", None),
        3: ("None", None),
    }
