"""10408: the objects an agent of it offers."""

from __future__ import annotations

from protocols.specializations.thermometer import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_these_objects() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x0320
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:19292", 6048),
    }
