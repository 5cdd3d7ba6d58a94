"""A specialization is data and cannot be changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest

from protocols.model.codes import MdcCode
from protocols.specializations.base import Specialization
from protocols.specializations.pulse_oximeter import EXTENDED, SPECIALIZATION, SPOT_CHECK, STANDARD


def test_a_specialization_is_frozen() -> None:
    made = Specialization(
        name="made",
        standard="none",
        profile=MdcCode(8, 4100),
        profile_version=1,
        configuration=STANDARD,
    )
    assert made.configurations == (STANDARD,)
    assert made.type_versions == ((MdcCode(8, 4100), 1),)
    with pytest.raises(FrozenInstanceError):
        setattr(made, "name", "other")  # noqa: B010 - a type checker refuses the plain form


def test_every_configuration_is_listed_once_and_the_offered_one_first() -> None:
    assert SPECIALIZATION.configurations == (STANDARD, SPOT_CHECK, EXTENDED)
