"""10404: what its standard configurations say."""

from __future__ import annotations

from protocols.specializations.pulse_oximeter import MODALITY_SPOT, SPECIALIZATION, SPOT_CHECK
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
