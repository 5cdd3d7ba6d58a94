"""Configurations from octets and from records."""

from __future__ import annotations

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.configuration import (
    build_configuration,
    decode_configuration,
    encode_configuration,
)
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.tolerances import STRICT_TOLERANCES
from protocols.model.codes import MdcCode, UnitCode
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.vectors import own_apdus

TYPE = at.ID_TYPE.of(MdcCode(2, 19384))


@pytest.mark.parametrize("config_id", STANDARD_CONFIGURATIONS)
def test_a_configuration_is_the_same_after_its_octets(config_id: int) -> None:
    configuration = STANDARD_CONFIGURATIONS[config_id]
    assert decode_configuration(encode_configuration(configuration)) == configuration


def test_objects_are_found_by_handle() -> None:
    configuration = decode_configuration(own_apdus.CONFIGURATION)
    assert {handle: configuration.find(handle) for handle in configuration.objects} == dict(
        configuration.objects
    )
    assert configuration.find(0xFFFF) is None
    assert configuration.fault == ""


def test_objects_that_measure_the_same_know_of_each_other() -> None:
    fast = at.SUPPLEMENTAL_TYPES.of((MdcCode(2, 19508),))
    numeric = int(ObjectClass.NUMERIC)
    objects = [
        ConfigObject(numeric, 1, (TYPE,)),
        ConfigObject(numeric, 2, (TYPE, fast)),
        ConfigObject(numeric, 3, (TYPE,)),
        ConfigObject(int(ObjectClass.PM_STORE), 4, ()),
        ConfigObject(int(ObjectClass.PM_STORE), 5, ()),
    ]
    configuration = build_configuration(0x4000, objects)
    assert [handle for handle, item in configuration.objects.items() if item.has_twin] == [1, 3]


def test_a_configuration_nobody_can_use_says_why() -> None:
    assert build_configuration(0x4000, ()).fault == "a configuration without objects"
    nameless = build_configuration(0x4000, [ConfigObject(int(ObjectClass.NUMERIC), 7, ())])
    assert nameless.fault == "object 7 does not say what it measures"


def test_stores_are_known_by_their_handles() -> None:
    objects = [
        ConfigObject(int(ObjectClass.NUMERIC), 1, (TYPE,)),
        ConfigObject(int(ObjectClass.PM_STORE), 256, ()),
    ]
    assert build_configuration(0x4000, objects).pm_stores == (256,)


def test_the_later_of_two_objects_of_one_handle_counts() -> None:
    later = ConfigObject(int(ObjectClass.NUMERIC), 1, (TYPE, at.UNIT_CODE.of(UnitCode(544))))
    objects = [ConfigObject(int(ObjectClass.NUMERIC), 1, (TYPE,))] * 2 + [later]
    configuration = build_configuration(0x4000, objects)
    assert configuration.objects[1].unit == UnitCode(544)
    assert configuration.warnings == (
        "tolerated duplicate-handle: handle 1 is defined twice; the later object counts",
    )
    with pytest.raises(DecodeError, match="defined twice"):
        decode_configuration(encode_configuration(configuration), leniency=STRICT_TOLERANCES)
