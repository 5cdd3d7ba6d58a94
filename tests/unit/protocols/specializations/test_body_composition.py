"""10420: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.body_composition import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4005
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:57664", 1731),
        2: ("2:57676", 544),
        3: ("2:57668", 1297),
        4: ("2:57680", 1952),
        5: ("2:57684", 1731),
        6: ("2:57688", 1731),
        7: ("2:57692", 1731),
    }
