"""The monitor-defibrillator: ordinary objects where 10101 has a term, ours where it has none."""

from __future__ import annotations

from protocols.specializations.defibrillator import EVENT_HANDLE, SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_what_has_no_term_is_a_vendor_term() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x4001
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:16770", 2720),
        2: ("2:258", 4274),
        3: ("2:53255", None),
        4: (f"2:{0xF000}", 3968),
        5: (f"2:{0xF001}", 512),
        6: (f"2:{0xF002}", 4288),
        7: (f"2:{0xF003}", None),
        8: (f"2:{0xF005}", 2528),
        9: (f"2:{0xF006}", 1297),
        10: (f"2:{0xF007}", 2528),
        11: (f"2:{0xF008}", 4178),
    }


def test_events_vary_in_form_and_name_their_partition() -> None:
    event = SPECIALIZATION.configuration.objects[EVENT_HANDLE]
    assert event.value_map == ()
    assert event.enumeration_partition == 2
