"""10407: what its standard configuration says."""

from __future__ import annotations

from protocols.ieee20601.attribute_values import MetricStructure
from protocols.specializations.blood_pressure import EXTENDED, PRESSURES_HANDLE, SPECIALIZATION
from tests.unit.protocols.specializations.objects import objects_of


def test_the_standard_configuration_has_pressures_and_pulse_rate() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x02BC
    assert objects_of(SPECIALIZATION.configuration) == {1: ("2:18948", 3872), 2: ("2:18474", 2720)}


def test_the_pressures_are_systolic_diastolic_and_mean_in_this_order() -> None:
    pressures = SPECIALIZATION.configuration.objects[PRESSURES_HANDLE]
    assert [part.term for part in pressures.parts] == [18949, 18950, 18951]
    assert pressures.structure == MetricStructure(3, 3)
    assert [(entry.attribute_id, entry.length) for entry in pressures.value_map] == [
        (2677, 10),
        (2448, 8),
    ]


def test_the_extended_configuration_adds_the_measurements_status_and_a_store() -> None:
    added = {3: ("128:22000", None), 4: ("None", None)}
    assert objects_of(EXTENDED) == {**objects_of(SPECIALIZATION.configuration), **added}
