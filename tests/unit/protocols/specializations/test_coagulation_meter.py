"""10418: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.coagulation_meter import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4004
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:29188", 6608),
        2: ("2:29192", 2176),
        3: ("2:29196", 544),
        4: ("2:29200", 512),
        5: ("128:29301", None),
        6: ("None", None),
    }
