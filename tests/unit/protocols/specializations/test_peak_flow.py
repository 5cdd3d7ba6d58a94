"""10421: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.peak_flow import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4006
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:21512", 3072),
        2: ("2:21513", 3072),
        3: ("2:21514", 1600),
        4: ("2:21515", 1600),
        5: ("128:30720", None),
        6: ("None", None),
    }
