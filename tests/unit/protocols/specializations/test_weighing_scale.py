"""10415: what its standard configuration says."""

from __future__ import annotations

from protocols.specializations.weighing_scale import (
    BODY_MASS_INDEX_HANDLE,
    SPECIALIZATION,
    WEIGHT_HANDLE,
)
from tests.unit.protocols.specializations.objects import objects_of


def test_the_standard_configuration_has_weight_height_and_body_mass_index() -> None:
    assert SPECIALIZATION.configuration.config_id == 0x05DC
    assert objects_of(SPECIALIZATION.configuration) == {
        1: ("2:57664", 1731),
        2: ("2:57668", 1297),
        3: ("2:57680", 1952),
    }


def test_the_body_mass_index_says_that_it_comes_from_the_weight() -> None:
    index = SPECIALIZATION.configuration.objects[BODY_MASS_INDEX_HANDLE]
    assert index.source_handle == WEIGHT_HANDLE
