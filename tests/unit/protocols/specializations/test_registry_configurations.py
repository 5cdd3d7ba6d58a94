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
    for configuration in item.configurations:
        octets = encode_configuration(configuration)
        assert decode_configuration(octets) == configuration
        assert not configuration.fault
        assert len(octets) < 8192


@pytest.mark.parametrize("item", SPECIALIZATIONS, ids=lambda item: item.name)
def test_only_standard_configurations_have_a_standard_id(item: Specialization) -> None:
    standard = {one.config_id for one in item.standard_configurations}
    for configuration in item.configurations:
        expected = (
            STANDARD_CONFIGURATIONS
            if configuration.config_id in standard
            else (EXTENDED_CONFIGURATIONS)
        )
        assert configuration.config_id in expected


@pytest.mark.parametrize("item", SPECIALIZATIONS, ids=lambda item: item.name)
def test_handles_are_unique_and_none_is_that_of_the_device(item: Specialization) -> None:
    for configuration in item.configurations:
        handles = [raw.handle for raw in configuration.report.objects]
        assert len(set(handles)) == len(handles)
        assert 0 not in handles


@pytest.mark.parametrize("item", SPECIALIZATIONS, ids=lambda item: item.name)
def test_every_metric_has_a_known_type_and_a_unit_with_ucum(item: Specialization) -> None:
    assert find(item.profile) is not None
    metrics = [
        subject
        for configuration in item.configurations
        for subject in configuration.objects.values()
        if subject.is_metric
    ]
    for subject in metrics:
        assert subject.type is not None
        row = find(subject.type)
        assert row is not None
        if subject.object_class != ObjectClass.ENUMERATION:
            assert subject.unit is not None
            assert ucum(subject.unit) in row.units or not row.units
