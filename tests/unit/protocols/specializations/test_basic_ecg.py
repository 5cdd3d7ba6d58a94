"""10406: what an agent of it offers."""

from __future__ import annotations

from protocols.specializations.basic_ecg import SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_heart_rate_and_lead_two() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4000
    assert objects_of(SPECIALIZATION.configuration) == {1: ("2:16770", 2720), 2: ("2:258", 4274)}
