"""10417: the standard configuration, and the one with context."""

from __future__ import annotations

from protocols.specializations.glucose_meter import SPECIALIZATION, STORE_HANDLE, WITH_CONTEXT
from tests.unit.protocols.specializations.objects import objects_of


def test_the_standard_configuration_is_capillary_whole_blood_in_milligrams() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x06A4
    assert objects_of(SPECIALIZATION.configuration) == {1: ("2:29112", 2130)}


def test_context_keeps_control_solution_apart_and_has_a_store() -> None:
    assert objects_of(WITH_CONTEXT) == {
        1: ("2:29112", 2130),
        2: ("2:29136", 2130),
        3: ("128:29256", None),
        4: ("128:29236", None),
        5: ("128:29144", None),
        6: ("None", None),
    }
    assert WITH_CONTEXT.pm_stores == (STORE_HANDLE,)
