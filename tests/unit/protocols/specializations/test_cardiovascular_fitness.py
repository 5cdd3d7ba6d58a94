"""10441: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.cardiovascular_fitness import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4009
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("129:123", None),
        2: ("129:103", 1280),
        3: ("129:125", 2176),
        4: ("129:110", 2816),
        5: ("129:111", 6816),
        6: ("129:115", 4032),
        7: ("129:119", 3968),
        8: ("129:114", 2720),
    }
