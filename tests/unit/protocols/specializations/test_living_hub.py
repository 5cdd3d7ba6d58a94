"""10471: every sensor is 32 bits at a place."""

from __future__ import annotations

from protocols.nomenclature.lookup import find
from protocols.specializations.living_hub import SENSORS, SPECIALIZATION


def test_every_kind_of_sensor_is_there_once_with_its_place() -> None:
    assert [kind.term for _, kind, _ in SENSORS] == list(range(1, 15))
    for handle, kind, place in SENSORS:
        sensor = SPECIALIZATION.configuration.objects[handle]
        assert (sensor.type, sensor.supplements) == (kind, (place,))
        assert [(entry.attribute_id, entry.length) for entry in sensor.value_map] == [
            (2661, 4),
            (2448, 8),
        ]


def test_every_kind_of_sensor_has_its_sub_profile() -> None:
    for (_, kind, _), profile in zip(SENSORS, SPECIALIZATION.sub_profiles, strict=True):
        sensor, named = find(kind), find(profile)
        assert sensor is not None
        assert named is not None
        word = sensor.reference_id.removeprefix("MDC_AI_TYPE_SENSOR_")
        assert named.reference_id == f"MDC_DEV_SUB_SPEC_PROFILE_{word}_SENSOR"
