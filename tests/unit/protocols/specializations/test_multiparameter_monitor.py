"""The monitor: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.multiparameter_monitor import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x400E
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:16770", 2720),
        2: ("2:258", 4274),
        3: ("2:53255", None),
        4: ("2:19384", 544),
        5: ("2:18458", 2720),
        6: ("2:19376", 544),
        7: ("2:19380", 512),
        8: ("2:18948", 3872),
        9: ("2:18474", 2720),
        10: ("2:18964", 3872),
        11: ("2:20506", 2784),
        12: ("2:20656", 3872),
        13: ("2:19292", 6048),
        14: ("2:61444", None),
    }
