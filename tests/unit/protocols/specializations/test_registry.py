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
    offered = [one.config_id for item in SPECIALIZATIONS for one in item.configurations]
    assert len(set(offered)) == len(offered)


def test_every_standard_of_the_list_is_there() -> None:
    numbers = "10404 10406 10407 10408 10413 10415 10417 10418 10420 10421 10425 10427"
    numbers += " 10441 10442 10471 10472"
    standards = {item.standard.removeprefix("IEEE 11073-") for item in SPECIALIZATIONS}
    assert set(numbers.split()) <= standards
    assert sorted(STANDARD_CONFIGURATIONS) == [0x0190, 0x0191, 0x02BC, 0x0320, 0x05DC, 0x06A4]
