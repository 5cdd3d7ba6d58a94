"""The unit constants: each has a row that says the same."""

from __future__ import annotations

import pytest

from protocols.model.codes import UnitCode
from protocols.nomenclature import units
from protocols.nomenclature.lookup import find_unit

CONSTANTS = {name: value for name, value in vars(units).items() if isinstance(value, UnitCode)}


def test_no_unit_has_two_names() -> None:
    assert len(set(CONSTANTS.values())) == len(CONSTANTS)


@pytest.mark.parametrize("name", CONSTANTS)
def test_every_constant_has_a_row(name: str) -> None:
    assert find_unit(CONSTANTS[name]) is not None
