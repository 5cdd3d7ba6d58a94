"""10404: what its standard configurations say."""

from __future__ import annotations

from protocols.specializations.pulse_oximeter import (
    EXTENDED,
    FAST_SPO2_HANDLE,
    MODALITY_FAST,
    MODALITY_SPOT,
    PLETH_HANDLE,
    PLETH_RATE_HZ,
    SPECIALIZATION,
    SPOT_CHECK,
)
from tests.unit.protocols.specializations.objects import objects_of


def test_the_standard_configuration_has_saturation_and_pulse_rate() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x0190
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:19384", 544),
        10: ("2:18458", 2720),
    }


def test_the_spot_check_differs_by_its_supplemental_type_alone() -> None:
    assert SPOT_CHECK.config_id == 0x0191
    assert objects_of(SPOT_CHECK) == objects_of(SPECIALIZATION.configuration)
    assert {item.supplements for item in SPOT_CHECK.objects.values()} == {(MODALITY_SPOT,)}


def test_the_extended_configuration_has_modalities_pleth_and_states() -> None:
    assert objects_of(EXTENDED) == {
        **objects_of(SPECIALIZATION.configuration),
        3: ("2:19384", 544),
        4: ("2:19384", 544),
        5: ("2:19376", 544),
        6: ("2:19380", 512),
        7: ("2:19532", None),
        8: ("2:19533", None),
        9: ("None", None),
    }
    assert EXTENDED.objects[FAST_SPO2_HANDLE].supplements == (MODALITY_FAST,)
    ticks = EXTENDED.objects[PLETH_HANDLE].period_ticks
    assert ticks is not None
    assert ticks * 125 * PLETH_RATE_HZ == 1_000_000
