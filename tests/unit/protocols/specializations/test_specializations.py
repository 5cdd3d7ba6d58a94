"""Specializations: the folder and the registry agree, configurations hold together."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from protocols import specializations
from protocols.ieee20601.association import EXTENDED_CONFIGURATIONS, STANDARD_CONFIGURATIONS
from protocols.ieee20601.configuration import decode_configuration, encode_configuration
from protocols.ieee20601.objects import ObjectClass
from protocols.nomenclature.lookup import find, ucum
from protocols.specializations.base import Specialization
from protocols.specializations.registry import SPECIALIZATIONS

NOT_DEVICES = {"base", "registry", "cardiac_objects"}


def test_every_file_is_registered() -> None:
    names = {module.name for module in pkgutil.iter_modules(specializations.__path__)}
    found = {
        importlib.import_module(f"protocols.specializations.{name}").SPECIALIZATION.name
        for name in names - NOT_DEVICES
    }
    assert found == {item.name for item in SPECIALIZATIONS}


@pytest.mark.parametrize("item", SPECIALIZATIONS, ids=lambda item: item.name)
def test_a_configuration_survives_the_wire(item: Specialization) -> None:
    octets = encode_configuration(item.configuration)
    read = decode_configuration(octets)
    assert read == item.configuration
    assert read.config_id in STANDARD_CONFIGURATIONS or read.config_id in EXTENDED_CONFIGURATIONS
    assert len(octets) < 8192


@pytest.mark.parametrize("item", SPECIALIZATIONS, ids=lambda item: item.name)
def test_every_metric_has_a_known_type_and_a_unit_with_ucum(item: Specialization) -> None:
    assert find(item.profile) is not None
    for subject in item.configuration.objects.values():
        assert subject.type is not None
        assert find(subject.type) is not None
        if subject.object_class != ObjectClass.ENUMERATION:
            assert subject.unit is not None
            assert ucum(subject.unit) is not None
