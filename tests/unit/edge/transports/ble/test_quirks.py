"""The table of models."""

from __future__ import annotations

import pytest

from edge.transports.ble.quirks import (
    INTERVALS,
    PLAIN,
    PRIVATE_PROFILES,
    QUIRKS,
    Quirk,
    find_quirk,
    is_known_model,
)
from protocols.gatt.registry import PROFILES, find_characteristic

NAMES = {profile.name for profile in PROFILES}


@pytest.mark.parametrize("quirk", QUIRKS, ids=lambda quirk: quirk.model)
def test_every_row_can_be_found_and_names_its_source(quirk: Quirk) -> None:
    assert len(quirk.source.split()) >= 3
    assert find_quirk(model=quirk.model, name="") is quirk
    assert quirk.name_prefixes
    for prefix in quirk.name_prefixes:
        assert find_quirk(model="", name=f"{prefix}-1") is quirk
    assert set(quirk.profiles) <= PRIVATE_PROFILES
    for poll in quirk.polls:
        assert find_characteristic(poll.uuid) is not None


def test_no_two_rows_share_a_name() -> None:
    assert len({quirk.model for quirk in QUIRKS}) == len(QUIRKS)
    prefixes = [prefix for quirk in QUIRKS for prefix in quirk.name_prefixes]
    assert len(set(prefixes)) == len(prefixes)


def test_what_stands_in_no_row_is_treated_as_the_documents_say() -> None:
    assert find_quirk(model="", name="Something") is PLAIN
    assert find_quirk(model="", name="") is PLAIN
    assert is_known_model("plain")
    assert is_known_model("accu_chek")
    assert not is_known_model("accu-chek")


def test_private_profiles_and_intervals_are_known_ones() -> None:
    assert PRIVATE_PROFILES <= NAMES
    assert all(find_characteristic(uuid) is not None for uuid in INTERVALS)
