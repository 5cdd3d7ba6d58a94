"""The GATT room and its registry agree: nothing forgotten, nothing twice."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import pytest

import protocols.gatt
from protocols.gatt.base import AnyCharacteristic, Characteristic, GattProfile
from protocols.gatt.registry import DECODERS, PROFILES

FOLDER = Path(protocols.gatt.__file__).parent
MODULES = [
    importlib.import_module(
        ".".join(("protocols.gatt", *path.relative_to(FOLDER).with_suffix("").parts))
    )
    for path in sorted(FOLDER.rglob("*.py"))
    if path.name not in {"__init__.py", "registry.py"}
]
CHARACTERISTICS = [item for profile in PROFILES for item in profile.characteristics]


def members(module: ModuleType) -> tuple[list[GattProfile], list[AnyCharacteristic]]:
    """Profiles and characteristics a module holds, in tuples too."""
    values: list[object] = []
    for value in vars(module).values():
        values.extend(value if isinstance(value, tuple) else [value])
    return (
        [value for value in values if isinstance(value, GattProfile)],
        [value for value in values if isinstance(value, Characteristic)],
    )


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_what_a_file_of_the_room_defines_is_registered(module: ModuleType) -> None:
    profiles, characteristics = members(module)
    assert [profile.name for profile in profiles if profile not in PROFILES] == []
    assert [item.name for item in characteristics if item not in CHARACTERISTICS] == []


def test_the_registry_has_one_line_per_file() -> None:
    owners = [
        module.__name__ for module in MODULES for item in members(module)[0] if item in PROFILES
    ]
    assert len(owners) == len(set(owners)) == len(PROFILES)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_a_profile_names_its_document_and_its_file_does_too(profile: GattProfile) -> None:
    assert profile.specification
    assert profile.version
    assert profile.characteristics
    file = next(module for module in MODULES if profile in members(module)[0])
    assert file.__doc__ is not None
    assert profile.specification in file.__doc__


def test_names_services_and_characteristics_are_unique() -> None:
    names = [profile.name for profile in PROFILES]
    services = [profile.service for profile in PROFILES if profile.service is not None]
    uuids = [item.uuid for item in CHARACTERISTICS]
    assert len(names) == len(set(names))
    assert len(services) == len(set(services))
    assert len(uuids) == len(set(uuids))


def test_every_characteristic_can_be_decoded_by_one_name_of_its_own() -> None:
    names = [name for item in CHARACTERISTICS for name in item.decode_as]
    assert len(names) == len(set(names)) == len(DECODERS)
    assert [item.name for item in CHARACTERISTICS if not item.decode_as] == []
    assert [item.name for item in CHARACTERISTICS if not item.clause] == []
