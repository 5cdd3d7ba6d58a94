"""The registry: standard configurations by their id."""

from __future__ import annotations

from protocols.ieee20601.association import STANDARD_CONFIGURATIONS as STANDARD_IDS
from protocols.specializations.registry import SPECIALIZATIONS, STANDARD_CONFIGURATIONS


def test_standard_configurations_stand_under_their_own_id_and_none_twice() -> None:
    listed = [
        configuration
        for specialization in SPECIALIZATIONS
        for configuration in specialization.standard_configurations
    ]
    assert len(STANDARD_CONFIGURATIONS) == len(listed)
    for config_id, configuration in STANDARD_CONFIGURATIONS.items():
        assert config_id == configuration.config_id
        assert config_id in STANDARD_IDS


def test_no_two_specializations_share_a_name_or_an_offered_configuration() -> None:
    assert len({item.name for item in SPECIALIZATIONS}) == len(SPECIALIZATIONS)
    offered = {item.configuration.config_id for item in SPECIALIZATIONS}
    assert len(offered) == len(SPECIALIZATIONS)
