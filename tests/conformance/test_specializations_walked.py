"""Every configuration of every specialization, from an agent to a manager's observations."""

from __future__ import annotations

import pytest

from protocols.ieee20601.configuration import Configuration
from protocols.nomenclature.lookup import find, find_unit
from protocols.specializations.base import Specialization
from protocols.specializations.registry import SPECIALIZATIONS, STANDARD_CONFIGURATIONS
from tests.fixtures.specialization_exchange import exchange, is_what_was_sent, metrics_of

CASES = [
    pytest.param(item, configuration, id=f"{item.name}-{configuration.config_id:04X}")
    for item in SPECIALIZATIONS
    for configuration in item.configurations
]


@pytest.mark.parametrize(("item", "configuration"), CASES)
def test_a_standard_configuration_is_known_and_any_other_is_reported(
    item: Specialization, configuration: Configuration
) -> None:
    told = exchange(item, configuration)
    is_standard = configuration.config_id in STANDARD_CONFIGURATIONS
    assert (told.known, told.configuration_came) == (is_standard, not is_standard)
    assert told.profiles == item.type_versions


@pytest.mark.parametrize(("item", "configuration"), CASES)
def test_every_object_arrives_with_its_type_unit_and_value(
    item: Specialization, configuration: Configuration
) -> None:
    told = exchange(item, configuration)
    metrics = metrics_of(configuration)
    assert set(told.variable) == set(metrics)
    assert set(told.fixed) == {handle for handle, one in metrics.items() if one.value_map}
    for reported in (told.fixed, told.variable):
        for handle, observation in reported.items():
            assert is_what_was_sent(metrics[handle], observation), (handle, observation)


@pytest.mark.parametrize(("item", "configuration"), CASES)
def test_no_two_readings_of_one_moment_have_one_identity(
    item: Specialization, configuration: Configuration
) -> None:
    told = exchange(item, configuration)
    observations = [*told.fixed.values(), *told.variable.values()]
    assert len({one.observation_id for one in observations}) == len(observations)


@pytest.mark.parametrize(("item", "configuration"), CASES)
def test_terms_units_parts_and_supplemental_types_have_rows(
    item: Specialization, configuration: Configuration
) -> None:
    assert all(find(profile) is not None for profile, _ in item.type_versions)
    for one in metrics_of(configuration).values():
        assert one.type is not None
        codes = (one.type, *one.parts, *one.supplements)
        assert [code for code in codes if find(code) is None] == []
        assert one.unit is None or find_unit(one.unit) is not None
