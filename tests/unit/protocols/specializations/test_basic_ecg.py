"""10406: what an agent of it offers."""

from __future__ import annotations

from protocols.specializations.basic_ecg import SPECIALIZATION, THREE_LEADS
from tests.unit.protocols.specializations.objects import objects_of


def test_it_offers_heart_rate_and_lead_two() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4000
    assert objects_of(SPECIALIZATION.configuration) == {1: ("2:16770", 2720), 2: ("2:258", 4274)}


def test_with_three_leads_it_has_interval_status_and_store_as_well() -> None:
    assert objects_of(THREE_LEADS) == {
        1: ("2:16770", 2720),
        2: ("2:258", 4274),
        3: ("2:257", 4274),
        4: ("2:317", 4274),
        5: ("2:16168", 2194),
        6: ("128:21976", None),
        7: ("None", None),
    }


def test_the_mds_says_that_there_is_a_waveform_and_a_heart_rate() -> None:
    assert [str(code) for code, _ in SPECIALIZATION.type_versions] == ["8:4102", "8:4236", "8:4237"]
