"""10442: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.strength_fitness import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x400A
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("129:200", 512),
        2: ("129:202", 512),
        3: ("129:203", 1731),
        4: ("129:204", None),
        5: ("129:205", None),
        6: ("129:206", None),
        7: ("129:207", None),
    }
