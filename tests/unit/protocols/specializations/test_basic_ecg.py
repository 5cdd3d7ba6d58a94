"""10406: what an agent of it offers."""

from __future__ import annotations

from protocols.nomenclature.lookup import find
from protocols.specializations.basic_ecg import LEADS, SPECIALIZATION, THREE_LEADS, TWELVE_LEADS
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


def test_with_twelve_leads_each_is_a_waveform_under_its_own_term() -> None:
    objects = objects_of(TWELVE_LEADS)
    assert objects[1] == ("2:16770", 2720)
    assert [objects[handle] for handle in range(10, 22)] == [(str(lead), 4274) for lead in LEADS]
    assert [term.display for lead in LEADS if (term := find(lead)) is not None] == [
        f"ECG lead {name}"
        for name in ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
    ]
